//! Bounces and complaints that come back by mail.
