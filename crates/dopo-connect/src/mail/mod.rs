//! The outgoing mail channel: a message becomes bytes ([`message`]), gets a
//! signature ([`dkim`]) and is handed to the relay ([`smtp`]). What comes back
//! later as a bounce or complaint is read by [`bounce`].
//!
//! Nothing here decides whom to write to. The caller has asked the permission
//! gate; this module says what became of the hand-over ([`smtp::Outcome`]).

pub mod bounce;
pub mod dkim;
pub mod failure;
pub mod message;
pub mod smtp;
pub mod url;

pub use dkim::{DkimError, DkimKey, DkimKeys};
pub use failure::{BounceClass, EnhancedCode, Failure, redact_addresses};
pub use message::{Attachment, AttachmentKind, EncodedMail, Mailbox, MessageError, OutgoingMail};
pub use smtp::{Outcome, SmtpPool, Timeouts};
pub use url::{Credentials, SmtpConfig, SmtpUrlError, TlsMode};
