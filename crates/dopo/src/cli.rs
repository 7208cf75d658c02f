//! The command line, as people type it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Dopo: what happens after the sale, in one program that the shop owns.
#[derive(Parser, Debug)]
#[command(name = "dopo", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// Configuration file; `dopo.toml` in the current folder when it exists.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON where a script would read.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the program: hooks, pages, journeys, messages.
    Serve,
    /// Try Dopo with a made shop and a fast clock.
    Demo(crate::demo::DemoArgs),
    /// Shops: add, connect, look at, bring live.
    #[command(subcommand)]
    Shop(ShopCommand),
    /// Accounts with couriers and collectors: add, list, remove, look at a number.
    #[command(subcommand)]
    Courier(CourierCommand),
    /// People who may sign in.
    #[command(subcommand)]
    User(UserCommand),
    /// Keys for the API.
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Journeys: check, publish, list, switch on and off.
    #[command(subcommand)]
    Journey(JourneyCommand),
    /// Templates: list and publish.
    #[command(subcommand)]
    Template(TemplateCommand),
    /// Read orders from a file; updates facts and starts no message.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Who would get what, when and on which basis, or why not: JSON lines.
    Simulate(SimulateArgs),
    /// Messages: list, look at, replay a failed one.
    Messages(MessagesArgs),
    /// Raw events: list, look at, replay.
    Inbox(InboxArgs),
    /// Why a person got, or did not get, a message.
    Why(WhyArgs),
    /// Discount codes: whether one holds, and redeem it.
    Coupons(CouponsArgs),
    /// Tasks that journeys and the law have opened.
    Tasks(ShopArg),
    /// The counters behind every figure.
    Figures(FiguresArgs),
    /// Everything stored about a person (GDPR art. 15).
    #[command(subcommand)]
    Export(ExportCommand),
    /// Forget a person (GDPR art. 17).
    #[command(subcommand)]
    Forget(ForgetCommand),
    /// Bring the database schema up to date.
    Migrate,
    /// A consistent copy of the database while it runs.
    Backup {
        /// Where to; must not exist.
        file: PathBuf,
    },
    /// Put a copy back. The program must not be running.
    Restore {
        /// The copy.
        file: PathBuf,
        /// Replace a database that is already there.
        #[arg(long)]
        force: bool,
    },
    /// Look whether everything is in order.
    Doctor,
}

/// Which shop.
#[derive(Args, Debug)]
pub struct ShopArg {
    /// The shop's name in addresses; may be left out when there is only one.
    #[arg(long)]
    pub shop: Option<String>,
}

/// Shops.
#[derive(Subcommand, Debug)]
pub enum ShopCommand {
    /// Add a shop, in trial: everything runs, messages are captured.
    Add {
        /// Name in addresses: lower-case letters, digits, hyphens.
        slug: String,
        /// Name customers know.
        #[arg(long)]
        name: String,
        /// Sender address of mails.
        #[arg(long)]
        from: String,
        /// Who sells: TOML with legal_name, address, email, phone, vat_number, rea, optional share_capital, adr.
        #[arg(long, value_name = "FILE")]
        seller_file: PathBuf,
    },
    /// Let messages really leave, after a checklist.
    Live {
        /// The shop.
        slug: String,
    },
    /// Back to trial: everything is captured again.
    Trial {
        /// The shop.
        slug: String,
    },
    /// Set the secret of a connection.
    Connect {
        /// The shop.
        slug: String,
        /// Which connection.
        source: ConnectSource,
        /// File with the secret on its first line.
        #[arg(long, value_name = "FILE")]
        secret_file: PathBuf,
    },
    /// Make a DKIM key for the sender domain and print the DNS record to publish.
    Dkim {
        /// The shop.
        slug: String,
        /// Selector.
        #[arg(long, default_value = "dopo")]
        selector: String,
    },
    /// Say which notices the shop's platform sends itself, so that nobody gets two.
    LeaveToPlatform {
        /// The shop.
        slug: String,
        /// `order_receipt`, `shipped`, `out_for_delivery`, `delivered`, `abandoned_cart`, or `none`.
        #[arg(required = true)]
        notices: Vec<String>,
    },
    /// Give the shop's customer pages a host name of their own, or take it away; without one, say which it is and whether
    /// it leads here.
    PagesDomain {
        /// The shop.
        slug: String,
        /// The name (`ordini.bottega.it`), or `none`.
        host: Option<String>,
    },
    /// Change settings with a TOML file, or print them when none is given.
    Settings {
        /// The shop.
        slug: String,
        /// The settings, whole, as printed by this command.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// All shops.
    List,
}

/// What a shop can be connected to.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub enum ConnectSource {
    /// Shopify webhooks: the app's client secret.
    Shopify,
    /// WooCommerce webhooks: the webhook's secret.
    Woocommerce,
    /// Our signed generic hook (Standard Webhooks).
    Events,
    /// Sendcloud's webhook: the integration's secret key.
    Sendcloud,
    /// AfterShip's webhook: its secret.
    Aftership,
    /// 17TRACK's webhook: the API key.
    #[value(name = "17track")]
    Track17,
    /// Qapla's webhook: the channel's private key.
    Qapla,
    /// UPS Track Alert: the credential given with the subscription.
    Ups,
    /// DKIM: selector on the first line, then the private key in PEM.
    Dkim,
}

/// Accounts with couriers and collectors.
#[derive(Subcommand, Debug)]
pub enum CourierCommand {
    /// With whom a shop can have an account, and what it consists of.
    Vendors,
    /// Add an account, or change it; a secret that is left out stays as it was.
    Add {
        /// The shop.
        slug: String,
        /// With whom: see `dopo courier vendors`.
        vendor: String,
        /// A field that is no secret; may be repeated.
        #[arg(long = "field", value_name = "NAME=VALUE")]
        fields: Vec<String>,
        /// A secret, from a file; may be repeated.
        #[arg(long = "secret-file", value_name = "NAME=FILE")]
        secret_files: Vec<String>,
    },
    /// The accounts of a shop, what is looked at, and whether couriers still tell anything.
    List {
        /// The shop.
        slug: String,
    },
    /// Remove an account.
    Remove {
        /// The shop.
        slug: String,
        /// With whom.
        vendor: String,
    },
    /// Ask a courier about a number once and print what it tells; nothing is stored.
    Look {
        /// The shop.
        slug: String,
        /// The tracking number.
        number: String,
        /// Whose number it is (`brt`, `gls_it`, `poste`…).
        #[arg(long)]
        courier: String,
        /// Postal code it goes to, where the courier tells more to who knows it.
        #[arg(long)]
        postal_code: Option<String>,
    },
}

/// People who may sign in.
#[derive(Subcommand, Debug)]
pub enum UserCommand {
    /// Add somebody, or change their role and password.
    Add {
        /// E-mail address.
        email: String,
        /// `owner`, `marketer`, `care`, `developer` or `viewer`.
        #[arg(long)]
        role: String,
        /// Only in this shop; otherwise in every shop.
        #[arg(long, value_name = "SLUG")]
        shop: Option<String>,
        /// What they are called in the console; what they said themselves is replaced.
        #[arg(long)]
        name: Option<String>,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
}

/// Keys for the API.
#[derive(Subcommand, Debug)]
pub enum ApiKeyCommand {
    /// Make a key and print it once.
    Add {
        /// The shop.
        slug: String,
        /// What it may do; may be repeated.
        #[arg(long = "scope", required = true)]
        scopes: Vec<String>,
        /// What it is called.
        #[arg(long)]
        name: Option<String>,
    },
    /// All keys of a shop.
    List {
        /// The shop.
        slug: String,
    },
    /// Revoke a key.
    Revoke {
        /// The shop.
        slug: String,
        /// Its number, from the list.
        id: i64,
    },
}

/// Journeys.
#[derive(Subcommand, Debug)]
pub enum JourneyCommand {
    /// Check a document and print what is wrong, with line and column.
    Check {
        /// The document.
        file: PathBuf,
    },
    /// Publish a document as the next version; new runs begin with it.
    Publish {
        /// The document.
        file: PathBuf,
        /// The shop.
        #[command(flatten)]
        shop: ShopArg,
    },
    /// All journeys with their versions.
    List(ShopArg),
    /// Built-in journeys that the shop does not have: those that came after it was set up.
    Ready(ShopArg),
    /// Add one of them, switched off: nobody enters it until it is switched on.
    Add {
        /// The journey, from `dopo journey ready`.
        id: String,
        /// The shop.
        #[command(flatten)]
        shop: ShopArg,
    },
    /// Let new runs begin again, with the newest version.
    On {
        /// The journey.
        id: String,
        /// The shop.
        #[command(flatten)]
        shop: ShopArg,
    },
    /// Let no new runs begin; running ones go on.
    Off {
        /// The journey.
        id: String,
        /// The shop.
        #[command(flatten)]
        shop: ShopArg,
    },
}

/// Templates.
#[derive(Subcommand, Debug)]
pub enum TemplateCommand {
    /// All templates with languages and versions.
    List(ShopArg),
    /// Publish the built-in templates and journeys again as next versions.
    PublishDefaults(ShopArg),
}

/// What can be imported.
#[derive(Subcommand, Debug)]
pub enum ImportCommand {
    /// Orders.
    Orders(ImportArgs),
}

/// An import of orders.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The file.
    pub file: PathBuf,
    /// What it is; guessed from the name and the first bytes when left out.
    #[arg(long)]
    pub format: Option<String>,
    /// The shop.
    #[command(flatten)]
    pub shop: ShopArg,
    /// Where to write the refused lines; beside the file when left out.
    #[arg(long, value_name = "FILE")]
    pub refused: Option<PathBuf>,
}

/// A simulation.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// A journey of the library or a document; all journeys of the library when left out.
    pub journey: Option<String>,
    /// Orders: our JSON lines or a shop export.
    #[arg(long, value_name = "FILE")]
    pub orders: PathBuf,
    /// What the orders file is; guessed when left out.
    #[arg(long)]
    pub format: Option<String>,
    /// Settings of the shop to simulate for, as printed by `dopo shop settings`.
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Until when time runs on after the last event, in days.
    #[arg(long, default_value_t = 45)]
    pub days: i64,
}

/// Messages.
#[derive(Args, Debug)]
pub struct MessagesArgs {
    /// The shop.
    #[command(flatten)]
    pub shop: ShopArg,
    /// Only of this person: e-mail, phone or shop customer id.
    #[arg(long)]
    pub person: Option<String>,
    /// Only in this status: queued, held_back, sent, captured, failed, bounced, in_doubt, left_to_platform.
    #[arg(long)]
    pub status: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// Put this failed or in-doubt message back into the queue.
    #[arg(long, value_name = "ID")]
    pub replay: Option<String>,
    /// Show this message as it was rendered.
    #[arg(long, value_name = "ID")]
    pub show: Option<String>,
}

/// Discount codes.
#[derive(Args, Debug)]
pub struct CouponsArgs {
    /// The shop.
    #[command(flatten)]
    pub shop: ShopArg,
    /// The code.
    pub code: String,
    /// Redeem it now.
    #[arg(long)]
    pub redeem: bool,
    /// The order or receipt it is redeemed for; told again for the same, nothing happens.
    #[arg(long, value_name = "NUMBER", requires = "redeem")]
    pub order: Option<String>,
}

/// Raw events.
#[derive(Args, Debug)]
pub struct InboxArgs {
    /// The shop.
    #[command(flatten)]
    pub shop: ShopArg,
    /// Only in this status: done, ignored, waiting, failed.
    #[arg(long)]
    pub status: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// Show this one with its raw body.
    #[arg(long, value_name = "ID")]
    pub show: Option<i64>,
    /// Translate this one again and take it in.
    #[arg(long, value_name = "ID")]
    pub replay: Option<i64>,
    /// Replay all that failed.
    #[arg(long)]
    pub replay_failed: bool,
}

/// A question about one message.
#[derive(Args, Debug)]
pub struct WhyArgs {
    /// E-mail, phone or shop customer id.
    pub person: String,
    /// A template, step or journey (`offer_72h`), or a message id; all messages of the person when left out.
    pub message: Option<String>,
    /// The shop.
    #[command(flatten)]
    pub shop: ShopArg,
}

/// Counters.
#[derive(Args, Debug)]
pub struct FiguresArgs {
    /// The shop.
    #[command(flatten)]
    pub shop: ShopArg,
    /// Only metrics that begin with this.
    #[arg(long, default_value = "")]
    pub prefix: String,
    /// How many days back.
    #[arg(long, default_value_t = 30)]
    pub days: i64,
}

/// What can be exported.
#[derive(Subcommand, Debug)]
pub enum ExportCommand {
    /// A person's file as JSON.
    Customer {
        /// E-mail, phone or shop customer id.
        person: String,
        /// The shop.
        #[command(flatten)]
        shop: ShopArg,
    },
}

/// What can be forgotten.
#[derive(Subcommand, Debug)]
pub enum ForgetCommand {
    /// A person.
    Customer {
        /// E-mail, phone or shop customer id.
        person: String,
        /// The shop.
        #[command(flatten)]
        shop: ShopArg,
        /// Do it: there is no way back.
        #[arg(long)]
        yes: bool,
    },
}
