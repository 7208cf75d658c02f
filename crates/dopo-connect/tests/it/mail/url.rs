use dopo_connect::mail::{SmtpConfig, SmtpUrlError, TlsMode};

fn read(url: &str) -> Result<SmtpConfig, SmtpUrlError> {
    url.parse()
}

#[test]
fn plain_and_encrypted_urls_are_read() {
    let config = read("smtp://relay.example:2525").unwrap();
    assert_eq!((config.host.as_str(), config.port), ("relay.example", 2525));
    assert_eq!(config.tls, TlsMode::Never);
    assert_eq!(read("smtp://relay.example").unwrap().port, 25);
    let config =
        read("smtps://us%40er:p%3Aw%2F@relay.example?connections=20&name=a.example").unwrap();
    assert_eq!(config.port, 465);
    assert_eq!(config.tls, TlsMode::Implicit);
    assert_eq!(config.connections, 20);
    assert_eq!(config.ehlo_name, "a.example");
    let credentials = config.credentials.unwrap();
    assert_eq!(
        (credentials.user.as_str(), credentials.password.as_str()),
        ("us@er", "p:w/")
    );
    assert_eq!(read("smtp://[::1]:25").unwrap().host, "::1");
    let opportunistic = read("smtp://relay.example?starttls=opportunistic").unwrap();
    assert_eq!(opportunistic.tls, TlsMode::Opportunistic);
}

#[test]
fn a_login_never_crosses_the_network_in_the_clear() {
    assert_eq!(
        read("smtp://u:p@relay.example").unwrap().tls,
        TlsMode::Required
    );
    assert_eq!(read("smtp://u:p@127.0.0.1:25").unwrap().tls, TlsMode::Never);
    assert_eq!(
        read("smtp://u:p@relay.example?starttls=never"),
        Err(SmtpUrlError::ClearLogin)
    );
    assert_eq!(
        read("smtp://u:p@relay.example?starttls=opportunistic"),
        Err(SmtpUrlError::ClearLogin)
    );
}

#[test]
fn the_password_is_never_shown() {
    let config = read("smtps://utente:segreto@relay.example").unwrap();
    assert_eq!(config.to_string(), "smtps://…@relay.example:465");
    assert!(!format!("{config:?}").contains("segreto"));
    for bad in [
        "smtps://utente:segreto@relay.example:x",
        "smtps://utente:segreto@",
        "smtps://utente:segreto/x@relay.example",
        "smtps://segreto@relay.example",
        "http://utente:segreto@relay.example",
        "smtps://utente:segreto%zz@relay.example",
        "smtps://utente:segreto@relay.example?tls=1",
    ] {
        let error = read(bad).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("segreto"), "{bad}");
    }
}

#[test]
fn mistakes_are_named() {
    assert_eq!(read("relay.example"), Err(SmtpUrlError::Scheme));
    assert_eq!(read("http://relay.example"), Err(SmtpUrlError::Scheme));
    assert_eq!(read("smtp://"), Err(SmtpUrlError::Host));
    assert_eq!(read("smtp://a b"), Err(SmtpUrlError::Host));
    assert_eq!(read("smtp://relay.example:0"), Err(SmtpUrlError::Port));
    assert_eq!(read("smtp://relay.example:99999"), Err(SmtpUrlError::Port));
    assert_eq!(read("smtp://relay.example/x"), Err(SmtpUrlError::Path));
    assert_eq!(read("smtp://u@relay.example"), Err(SmtpUrlError::Login));
    assert!(matches!(
        read("smtp://relay.example?connections=21"),
        Err(SmtpUrlError::Option(_))
    ));
}
