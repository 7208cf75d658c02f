//! `dopo serve`: hooks, pages, workers, until told to stop.

use crate::config::Config;
use crate::hooks::Connectors;
use crate::wire::{self, House, Role, SystemClock};
use anyhow::{Context, Result};
use dopo_engine::{desk, worker};
use dopo_web::{AppState, WebParts, WebSettings};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long requests in flight may take to finish at a stop.
const STOP_GRACE: Duration = Duration::from_secs(20);
/// How often DKIM keys are looked at again.
const KEYS_REFRESH: Duration = Duration::from_secs(5);

/// Runs the program until SIGINT or SIGTERM.
pub async fn serve(config: &Config) -> Result<()> {
    // Listening comes first: a taken port is the commonest mistake, and nothing should have begun then.
    let listener = listen(config.listen).await?;
    let house = wire::build(config, Role::Server, Arc::new(SystemClock)).await?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        wait_for_signal().await;
        tracing::info!("stopping: finishing what is in hand");
        let _ = stop.send(true);
    });
    tracing::info!(address = %config.public_url(), "Dopo is running");
    run(house, config, listener, false, stopped).await
}

/// Takes the port.
pub async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("could not listen on {address}: is another program using the port? Set DOPO_LISTEN to another one")
    })
}

/// Serves an engine on a listener until `stopped` turns true.
pub async fn run(
    house: House,
    config: &Config,
    listener: TcpListener,
    demo: bool,
    stopped: watch::Receiver<bool>,
) -> Result<()> {
    let House { engine, mail } = house;
    if let Some(folder) = &config.languages_dir {
        let read = dopo_web::words::languages::load(folder).map_err(anyhow::Error::msg)?;
        tracing::info!(read, "languages of the customer pages were read from files");
    }
    let metrics = install_metrics();
    let desk = wire::desk(Arc::clone(&engine), config, demo)?;
    if desk.needs_set_up().await? {
        println!(
            "Nobody may sign in yet. Make the first owner at:\n{}",
            desk.set_up_url()
        );
    }
    // Known before the first fact comes in.
    desk.hear_all().await?;
    let app = AppState::new(WebParts {
        engine: Arc::clone(&engine),
        translator: Arc::new(Connectors),
        desk: Arc::clone(&desk),
        metrics,
        settings: WebSettings {
            public_url: config.public_url(),
            api_requests_per_second: config.api_requests_per_second,
            demo,
            client_address_header: config.client_address_header.clone(),
        },
    });
    let hits = tokio::spawn(dopo_web::run_hits(Arc::clone(&app), stopped.clone()));
    let workers = tokio::spawn(worker::run(Arc::clone(&engine), stopped.clone()));
    let webhooks = tokio::spawn(desk::run_webhooks(Arc::clone(&desk), stopped.clone()));
    let backups = tokio::spawn(desk::run_backups(desk, stopped.clone()));
    if let Some(mail) = mail.clone() {
        let (engine, mut stopped) = (Arc::clone(&engine), stopped.clone());
        tokio::spawn(async move {
            while !*stopped.borrow() {
                tokio::select! {
                    () = tokio::time::sleep(KEYS_REFRESH) => mail.learn_keys(&engine),
                    _ = stopped.changed() => {}
                }
            }
        });
    }
    let mut ending = stopped.clone();
    let server = axum::serve(
        listener,
        dopo_web::router(app).into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move {
        let _ = ending.wait_for(|stop| *stop).await;
    });
    let mut stopped = stopped;
    tokio::select! {
        served = async { server.await } => served.context("the web server failed")?,
        () = async { let _ = stopped.wait_for(|stop| *stop).await; tokio::time::sleep(STOP_GRACE).await; } => {
            tracing::warn!("some requests did not finish in time");
        }
    }
    hits.await.context("the measurements ended badly")?;
    workers.await.context("the workers ended badly")?;
    webhooks
        .await
        .context("the outgoing webhooks ended badly")?;
    backups.await.context("the backups ended badly")?;
    if let Some(mail) = mail {
        mail.close().await;
    }
    Ok(())
}

/// Installs the recorder behind `/metrics`; `None` when one is installed already (several engines in one process).
fn install_metrics() -> Option<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().ok()
}

/// Waits for Ctrl-C or SIGTERM.
pub async fn wait_for_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            }
            Err(_) => {
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    {
        let _ = interrupt.await;
    }
}
