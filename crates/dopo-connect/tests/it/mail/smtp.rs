use std::sync::Arc;
use std::time::Duration;

use dopo_connect::mail::smtp::tls_trusting;
use dopo_connect::mail::{
    BounceClass, DkimKeys, Failure, Outcome, OutgoingMail, SmtpConfig, SmtpPool, Timeouts,
};
use dopo_testkit::smtp_sink::{Fault, SinkOptions, SmtpSink, Stage};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::order_mail;

fn impatient() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(5),
        command: Duration::from_secs(5),
        write: Duration::from_secs(5),
        accept: Duration::from_secs(5),
        idle: Duration::from_secs(30),
    }
}

fn pool_with(url: &str, timeouts: Timeouts) -> SmtpPool {
    let config: SmtpConfig = url.parse().expect("a good URL");
    SmtpPool::with(config, DkimKeys::new(), timeouts, None).expect("a pool")
}

fn pool(sink: &SmtpSink) -> SmtpPool {
    pool_with(&sink.url(), impatient())
}

fn mails(count: usize) -> Vec<OutgoingMail> {
    (0..count).map(order_mail).collect()
}

async fn sink(no_pipelining: bool) -> SmtpSink {
    let options = SinkOptions {
        keep_bytes: true,
        no_pipelining,
        ..SinkOptions::default()
    };
    SmtpSink::start_with(options).await.expect("a sink")
}

fn reply(stage: Stage, recipient: Option<&str>, reply: &str, times: Option<u32>) -> Fault {
    Fault::Reply {
        stage,
        recipient: recipient.map(str::to_owned),
        reply: reply.to_owned(),
        times,
    }
}

fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. })
}

fn failure(outcome: &Outcome) -> &Failure {
    match outcome {
        Outcome::Retry { why, .. } | Outcome::Fail { why } | Outcome::InDoubt { why } => why,
        Outcome::Done { .. } => panic!("was done"),
    }
}

#[tokio::test]
async fn every_mail_arrives_once_and_unchanged() {
    for no_pipelining in [false, true] {
        let sink = sink(no_pipelining).await;
        let outcomes = pool(&sink).send_batch(mails(200)).await;
        assert_eq!(outcomes.len(), 200);
        assert!(outcomes.iter().all(is_done));
        let mut received = sink.received();
        assert_eq!(received.len(), 200);
        received.sort_by_key(|mail| mail.message_id.clone());
        received.dedup_by_key(|mail| mail.message_id.clone());
        assert_eq!(received.len(), 200);
        for number in 0..200 {
            let expected = order_mail(number).encode().unwrap();
            let got = received
                .iter()
                .find(|mail| mail.message_id == expected.message_id)
                .unwrap();
            assert_eq!(got.envelope_from, expected.envelope_from);
            assert_eq!(got.envelope_to, [expected.recipient]);
            assert_eq!(got.bytes, expected.bytes);
        }
        assert!(sink.connections() <= 4);
    }
}

#[tokio::test]
async fn one_refused_recipient_does_not_hurt_the_others() {
    for no_pipelining in [false, true] {
        let sink = sink(no_pipelining).await;
        sink.add_fault(reply(
            Stage::Rcpt,
            Some("cliente5@"),
            "550 5.1.1 <cliente5@posta.example>: user unknown",
            None,
        ));
        sink.add_fault(reply(
            Stage::Rcpt,
            Some("cliente7@"),
            "452 4.2.2 mailbox full",
            None,
        ));
        sink.add_fault(reply(
            Stage::Dot,
            Some("cliente8@"),
            "550 5.7.1 looks like spam",
            None,
        ));
        sink.add_fault(reply(
            Stage::Data,
            Some("cliente9@"),
            "451 4.3.0 try later",
            None,
        ));
        let outcomes = pool(&sink).send_batch(mails(12)).await;
        for (number, outcome) in outcomes.iter().enumerate() {
            match number {
                5 => {
                    assert!(matches!(outcome, Outcome::Fail { .. }), "{outcome:?}");
                    let why = failure(outcome);
                    assert_eq!(why.class, BounceClass::HardAddress);
                    assert_eq!((why.code, why.enhanced), (550, Some((5, 1, 1))));
                    assert!(!why.text.contains("cliente5"), "{}", why.text);
                }
                7 => {
                    assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
                    assert_eq!(failure(outcome).class, BounceClass::SoftMailbox);
                }
                8 => {
                    assert!(matches!(outcome, Outcome::Fail { .. }), "{outcome:?}");
                    assert_eq!(failure(outcome).class, BounceClass::BlockPolicy);
                }
                9 => assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}"),
                _ => assert!(is_done(outcome), "{number}: {outcome:?}"),
            }
        }
        assert_eq!(sink.accepted(), 8);
    }
}

#[tokio::test]
async fn a_refused_sender_is_never_blamed_on_the_recipient() {
    for no_pipelining in [false, true] {
        let sink = sink(no_pipelining).await;
        sink.add_fault(reply(Stage::Mail, None, "550 5.1.1 unknown user", Some(1)));
        let outcomes = pool(&sink).send_batch(mails(2)).await;
        assert!(
            matches!(&outcomes[0], Outcome::Fail { why } if why.class == BounceClass::BlockPolicy)
        );
        assert!(is_done(&outcomes[1]));
    }
}

#[tokio::test]
async fn a_full_mailbox_is_tried_again_even_when_called_permanent() {
    let sink = sink(false).await;
    sink.add_fault(reply(Stage::Rcpt, None, "552 5.2.2 over quota", None));
    let outcomes = pool(&sink).send_batch(mails(1)).await;
    assert!(
        matches!(&outcomes[0], Outcome::Retry { why, .. } if why.class == BounceClass::SoftMailbox)
    );
}

#[tokio::test]
async fn a_connection_lost_after_the_final_dot_leaves_that_mail_in_doubt() {
    let sink = sink(false).await;
    sink.add_fault(Fault::DropAfterData {
        recipient: Some("cliente3@".to_owned()),
        times: Some(1),
    });
    let outcomes = pool(&sink).send_batch(mails(7)).await;
    for (number, outcome) in outcomes.iter().enumerate() {
        if number == 3 {
            assert!(matches!(outcome, Outcome::InDoubt { .. }), "{outcome:?}");
        } else {
            assert!(is_done(outcome), "{number}: {outcome:?}");
        }
    }
    assert!(
        sink.accepted_by_message_id()
            .values()
            .all(|&times| times == 1)
    );
    assert_eq!(sink.accepted(), 6);
    assert_eq!(sink.count(), 7);
}

#[tokio::test]
async fn a_silent_relay_after_the_final_dot_is_in_doubt_too() {
    let sink = sink(false).await;
    let timeouts = Timeouts {
        accept: Duration::from_millis(50),
        ..impatient()
    };
    let pool = pool_with(&format!("{}?connections=1", sink.url()), timeouts);
    assert!(is_done(&pool.send_batch(mails(1)).await[0]));
    sink.add_fault(Fault::Delay(Duration::from_millis(400)));
    let outcomes = pool.send_batch(vec![order_mail(2)]).await;
    assert!(
        matches!(outcomes[0], Outcome::InDoubt { .. }),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn a_connection_lost_before_the_dot_is_mended_without_loss_or_double() {
    for stage in [Stage::Mail, Stage::Rcpt, Stage::Data] {
        let sink = sink(false).await;
        sink.add_fault(Fault::DropAt {
            stage,
            times: Some(1),
        });
        let pool = pool_with(&format!("{}?connections=1", sink.url()), impatient());
        let outcomes = pool.send_batch(mails(10)).await;
        assert!(outcomes.iter().all(is_done), "{stage:?}: {outcomes:?}");
        assert_eq!(sink.accepted(), 10);
        assert!(
            sink.accepted_by_message_id()
                .values()
                .all(|&times| times == 1)
        );
    }
}

#[tokio::test]
async fn a_relay_that_always_hangs_up_gives_retry() {
    let sink = sink(false).await;
    sink.add_fault(Fault::DropAt {
        stage: Stage::Data,
        times: None,
    });
    let outcomes = pool(&sink).send_batch(mails(20)).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Retry { .. }))
    );
    assert_eq!(sink.accepted(), 0);
}

#[tokio::test]
async fn a_relay_going_down_loses_nothing() {
    for no_pipelining in [false, true] {
        let sink = sink(no_pipelining).await;
        for stage in [Stage::Mail, Stage::Rcpt, Stage::Data] {
            sink.add_fault(reply(stage, None, "421 4.3.2 shutting down", Some(1)));
        }
        let outcomes = pool(&sink).send_batch(mails(30)).await;
        for (number, outcome) in outcomes.iter().enumerate() {
            let id = order_mail(number).message_id;
            let arrived = sink.accepted_by_message_id().get(&id).copied().unwrap_or(0);
            match outcome {
                Outcome::Done { .. } => assert_eq!(arrived, 1),
                Outcome::Retry { .. } => assert_eq!(arrived, 0),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn an_unreachable_relay_gives_retry_for_all() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let pool = pool_with(&format!("smtp://127.0.0.1:{port}"), impatient());
    let outcomes = pool.send_batch(mails(20)).await;
    assert_eq!(outcomes.len(), 20);
    for outcome in &outcomes {
        assert!(matches!(outcome, Outcome::Retry { .. }));
        assert_eq!(failure(outcome).class, BounceClass::Connection);
    }
    assert!(pool.check().await.is_err());
}

#[tokio::test]
async fn connections_are_held_and_closed_when_idle() {
    let sink = sink(false).await;
    let timeouts = Timeouts {
        idle: Duration::from_millis(300),
        ..impatient()
    };
    let pool = pool_with(&format!("{}?connections=1", sink.url()), timeouts);
    for _ in 0..3 {
        assert!(pool.send_batch(mails(5)).await.iter().all(is_done));
    }
    assert_eq!(sink.connections(), 1);
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert!(pool.send_batch(mails(5)).await.iter().all(is_done));
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn batches_at_once_share_the_connections() {
    let sink = sink(false).await;
    let pool = pool_with(&format!("{}?connections=2", sink.url()), impatient());
    let mut running = tokio::task::JoinSet::new();
    for batch in 0..10 {
        let pool = pool.clone();
        running.spawn(async move {
            let mails = (0..20).map(|n| order_mail(batch * 20 + n)).collect();
            pool.send_batch(mails).await
        });
    }
    let outcomes = running.join_all().await;
    assert!(outcomes.iter().flatten().all(is_done));
    assert_eq!(sink.accepted_by_message_id().len(), 200);
    assert!(sink.connections() <= 2, "{}", sink.connections());
}

#[tokio::test]
async fn a_mail_that_would_inject_is_failed_and_never_sent() {
    let sink = sink(false).await;
    let mut bad = order_mail(1);
    bad.to.address = "a@b.example>\r\nRCPT TO:<c@d.example".to_owned();
    let outcomes = pool(&sink)
        .send_batch(vec![order_mail(0), bad, order_mail(2)])
        .await;
    assert!(is_done(&outcomes[0]) && is_done(&outcomes[2]));
    assert!(matches!(&outcomes[1], Outcome::Fail { why } if why.class == BounceClass::Content));
    assert_eq!(sink.accepted(), 2);
}

#[tokio::test]
async fn what_the_relay_cannot_take_is_not_tried() {
    let sink = SmtpSink::start_with(SinkOptions {
        no_smtputf8: true,
        size_max: 20_000,
        ..SinkOptions::default()
    })
    .await
    .unwrap();
    let mut long = order_mail(0);
    long.html = "x".repeat(30_000);
    let mut foreign = order_mail(1);
    foreign.to.address = "nicolò@posta.example".to_owned();
    let outcomes = pool(&sink)
        .send_batch(vec![long, foreign, order_mail(2)])
        .await;
    assert_eq!(failure(&outcomes[0]).enhanced, Some((5, 3, 4)));
    assert_eq!(failure(&outcomes[1]).class, BounceClass::Content);
    assert!(is_done(&outcomes[2]));
}

#[tokio::test]
async fn the_login_is_used_and_a_wrong_one_is_an_auth_failure() {
    let sink = SmtpSink::start_with(SinkOptions {
        credentials: Some(("utente".to_owned(), "segreto".to_owned())),
        ..SinkOptions::default()
    })
    .await
    .unwrap();
    let right = pool_with(
        &format!("smtp://utente:segreto@{}", sink.address()),
        impatient(),
    );
    assert!(right.send_batch(mails(3)).await.iter().all(is_done));
    assert_eq!(right.check().await, Ok(()));
    assert!(!format!("{right:?}").contains("segreto"));
    let wrong = pool_with(
        &format!("smtp://utente:sbagliato@{}", sink.address()),
        impatient(),
    );
    let outcomes = wrong.send_batch(mails(3)).await;
    for outcome in &outcomes {
        assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
        assert_eq!(failure(outcome).class, BounceClass::Auth);
    }
    let none = pool(&sink).send_batch(mails(1)).await;
    assert_eq!(failure(&none[0]).class, BounceClass::Auth);
}

#[tokio::test]
async fn a_relay_that_talks_nonsense_or_endlessly_is_left() {
    use tokio::io::AsyncWriteExt;
    for greeting in [
        b"hello there\r\n".to_vec(),
        vec![b'2'; 100_000],
        b"220-a\r\n".repeat(500),
        b"554 5.7.1 go away\r\n".to_vec(),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let relay = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                drop(stream.write_all(&greeting).await);
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        let outcomes = pool_with(&url, impatient()).send_batch(mails(1)).await;
        assert!(matches!(outcomes[0], Outcome::Retry { .. }), "{outcomes:?}");
        relay.abort();
    }
}

fn tls_sides() -> (tokio_rustls::TlsAcceptor, Arc<rustls::ClientConfig>) {
    let chain =
        vec![CertificateDer::from_pem_slice(include_bytes!("keys/relay-cert.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("keys/relay-key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(include_bytes!("keys/authority.pem")).unwrap())
        .unwrap();
    (Arc::new(server).into(), tls_trusting(roots).unwrap())
}

#[tokio::test]
async fn tls_from_the_first_byte_and_by_starttls_carry_mail_and_check_the_relay() {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    for starttls in [false, true] {
        let sink = Arc::new(
            SmtpSink::start_with(SinkOptions {
                keep_bytes: true,
                credentials: Some(("u".to_owned(), "p".to_owned())),
                ..SinkOptions::default()
            })
            .await
            .unwrap(),
        );
        let (acceptor, trust) = tls_sides();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let relay = tokio::spawn({
            let sink = Arc::clone(&sink);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (sink, acceptor) = (Arc::clone(&sink), acceptor.clone());
                    tokio::spawn(async move {
                        let mut stream = BufReader::new(stream);
                        if starttls {
                            let mut line = String::new();
                            stream.write_all(b"220 hi\r\n").await.unwrap();
                            stream.read_line(&mut line).await.unwrap();
                            stream
                                .write_all(b"250-hi\r\n250 STARTTLS\r\n")
                                .await
                                .unwrap();
                            line.clear();
                            stream.read_line(&mut line).await.unwrap();
                            assert_eq!(line, "STARTTLS\r\n");
                            stream.write_all(b"220 go\r\n").await.unwrap();
                        }
                        if let Ok(mut tls) = acceptor.accept(stream.into_inner()).await {
                            if starttls {
                                // After STARTTLS there is no second greeting.
                                let (mut near, far) = tokio::io::duplex(65_536);
                                let serving = tokio::spawn(async move {
                                    sink.serve_stream(far).await;
                                });
                                let mut greeting = vec![0; b"220 sink ESMTP\r\n".len()];
                                tokio::io::AsyncReadExt::read_exact(&mut near, &mut greeting)
                                    .await
                                    .unwrap();
                                drop(tokio::io::copy_bidirectional(&mut tls, &mut near).await);
                                serving.abort();
                            } else {
                                sink.serve_stream(tls).await;
                            }
                        }
                    });
                }
            }
        });
        let url = if starttls {
            format!("smtp://u:p@localhost:{port}?starttls=required")
        } else {
            format!("smtps://u:p@localhost:{port}")
        };
        let config: SmtpConfig = url.parse().unwrap();
        let pool =
            SmtpPool::with(config.clone(), DkimKeys::new(), impatient(), Some(trust)).unwrap();
        let outcomes = pool.send_batch(mails(30)).await;
        assert!(outcomes.iter().all(is_done), "{outcomes:?}");
        assert_eq!(sink.accepted(), 30);

        let stranger = tls_trusting(rustls::RootCertStore::empty()).unwrap();
        let pool = SmtpPool::with(config, DkimKeys::new(), impatient(), Some(stranger)).unwrap();
        let outcomes = pool.send_batch(mails(1)).await;
        assert_eq!(failure(&outcomes[0]).class, BounceClass::Connection);
        assert_eq!(sink.accepted(), 30);
        relay.abort();
    }
}

#[tokio::test]
async fn a_relay_without_starttls_gets_no_password_when_tls_is_required() {
    let sink = SmtpSink::start_with(SinkOptions {
        credentials: Some(("u".to_owned(), "p".to_owned())),
        ..SinkOptions::default()
    })
    .await
    .unwrap();
    let url = format!("smtp://u:p@{}?starttls=required", sink.address());
    let (_, trust) = tls_sides();
    let pool = SmtpPool::with(
        url.parse().unwrap(),
        DkimKeys::new(),
        impatient(),
        Some(trust),
    );
    let outcomes = pool.unwrap().send_batch(mails(1)).await;
    assert_eq!(failure(&outcomes[0]).class, BounceClass::Connection);
    assert_eq!(sink.accepted(), 0);
}

#[tokio::test]
async fn a_standing_sink_logs_each_mail_before_it_says_yes() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("sink.log");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let relay = tokio::spawn(dopo_testkit::smtp_sink::run(listener, Some(log.clone())));
    let outcomes = pool_with(&url, impatient()).send_batch(mails(50)).await;
    assert!(outcomes.iter().all(is_done));
    let text = std::fs::read_to_string(&log).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 50);
    assert!(lines.contains(&"order-7@posta.negozio.example\tcliente7@posta.example"));
    relay.abort();
}
