//! The audit log: one row for everything somebody changed (SEC-14), and its words.

use super::Desk;
use crate::Engine;
use crate::ports::{AuditRow, StoreError, UserRow};
use dopo_core::id::ShopId;
use serde_json::Value;

/// Who did something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// `user:<id>`, `key:<id>`, `demo`, `command`, `dopo`.
    pub id: String,
    /// How they are shown: name and e-mail address, name and beginning of a key.
    pub name: String,
}

impl Actor {
    /// Somebody of the team.
    pub fn user(user: &UserRow) -> Self {
        Actor {
            id: format!("user:{}", user.id),
            name: user.shown_as(),
        }
    }

    /// The program itself (nightly backups).
    pub fn dopo() -> Self {
        Actor {
            id: "dopo".to_owned(),
            name: "Dopo".to_owned(),
        }
    }
}

impl Engine {
    /// Writes down what somebody did. `detail` holds no personal data and no secrets.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn audit(
        &self,
        shop: ShopId,
        actor: &Actor,
        action: &str,
        subject: &str,
        detail: Value,
    ) -> Result<(), StoreError> {
        let row = AuditRow {
            id: 0,
            at: self.now(),
            actor: actor.id.clone(),
            actor_name: actor.name.clone(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            detail,
        };
        self.store.add_audit(shop, &row).await
    }
}

impl Desk {
    /// As [`Engine::audit`].
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn audit(
        &self,
        shop: ShopId,
        actor: &Actor,
        action: &str,
        subject: &str,
        detail: Value,
    ) -> Result<(), StoreError> {
        self.engine
            .audit(shop, actor, action, subject, detail)
            .await
    }
}

/// What an action is called, in Italian and English.
pub fn words(action: &str) -> (&'static str, &'static str) {
    match action {
        "settings.changed" => ("ha cambiato le impostazioni", "changed the settings"),
        "shop.added" => ("ha aggiunto il negozio", "added the shop"),
        "shop.live" => ("ha messo il negozio in linea", "took the shop live"),
        "shop.trial" => (
            "ha riportato il negozio in prova",
            "put the shop back in trial",
        ),
        "shop.test_order" => ("ha fatto un ordine di prova", "made a test order"),
        "shop.dkim_made" => ("ha creato la chiave DKIM", "made the DKIM key"),
        "connection.changed" => ("ha cambiato un collegamento", "changed a connection"),
        "key.made" => ("ha creato una chiave", "made a key"),
        "key.revoked" => ("ha revocato una chiave", "revoked a key"),
        "webhook.made" => ("ha aggiunto un webhook", "added a webhook"),
        "webhook.changed" => ("ha cambiato un webhook", "changed a webhook"),
        "webhook.deleted" => ("ha tolto un webhook", "removed a webhook"),
        "webhook.tested" => ("ha provato un webhook", "tested a webhook"),
        "webhook.replayed" => ("ha ripetuto una consegna", "replayed a delivery"),
        "team.invited" => ("ha invitato una persona", "invited a person"),
        "team.role_changed" => ("ha cambiato un ruolo", "changed a role"),
        "team.removed" => ("ha tolto una persona", "removed a person"),
        "account.changed" => (
            "ha cambiato il proprio nome o la lingua",
            "changed their own name or language",
        ),
        "account.signed_in" => ("ha fatto l'accesso", "signed in"),
        "account.password_changed" => ("ha cambiato la password", "changed their password"),
        "account.linked" => (
            "ha collegato il proprio accesso esterno",
            "linked their sign-in elsewhere",
        ),
        "account.invitation_accepted" => ("ha accettato l'invito", "accepted the invitation"),
        "account.passkey_added" => ("ha aggiunto una passkey", "added a passkey"),
        "account.passkey_removed" => ("ha tolto una passkey", "removed a passkey"),
        "inbox.replayed" => ("ha ripetuto eventi in arrivo", "replayed incoming events"),
        "inbox.read" => ("ha letto un evento in arrivo", "read an incoming event"),
        "backup.made" => ("ha avviato una copia di sicurezza", "started a backup"),
        "view.saved" => ("ha salvato una vista", "saved a view"),
        "view.deleted" => ("ha eliminato una vista", "deleted a view"),
        "journey.switched_on" => ("ha acceso un percorso", "switched a journey on"),
        "journey.switched_off" => ("ha spento un percorso", "switched a journey off"),
        "journey.published" => ("ha pubblicato un percorso", "published a journey"),
        "run.stopped" => ("ha fermato un percorso in corso", "stopped a run"),
        "customer.changed" => ("ha corretto una scheda cliente", "corrected a person"),
        "customer.stopped" => (
            "ha fermato il marketing per una persona",
            "stopped marketing for a person",
        ),
        "customer.exported" => (
            "ha esportato i dati di una persona",
            "exported a person's data",
        ),
        "customers.exported" => (
            "ha esportato un elenco di clienti",
            "exported a list of people",
        ),
        "customer.forgotten" => (
            "ha cancellato i dati di una persona",
            "had a person forgotten",
        ),
        "hold.answered" => (
            "ha deciso che fare di un pacco in giacenza",
            "said what to do with a held parcel",
        ),
        "courier.added" => ("ha collegato un corriere", "connected a courier"),
        "courier.removed" => ("ha scollegato un corriere", "disconnected a courier"),
        "note.added" => ("ha scritto una nota", "wrote a note"),
        "note.deleted" => ("ha eliminato una nota", "deleted a note"),
        "task.added" => ("ha aperto un'attività", "opened a task"),
        "task.done" => ("ha chiuso un'attività", "closed a task"),
        "task.reopened" => ("ha riaperto un'attività", "reopened a task"),
        "message.requeued" => ("ha rimesso in coda un messaggio", "queued a message again"),
        "message.sent_by_hand" => ("ha inviato un messaggio a mano", "sent a message by hand"),
        _ => ("ha fatto una modifica", "changed something"),
    }
}
