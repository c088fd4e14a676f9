//! The command `local-knosc serve`: Knosc on this machine until it is interrupted.
//! Prints one line on stdout, the address, if asked; everything else goes to stderr. Secrets come by environment only.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use local_knosc::{Config, IntegrationLock, Knobs, Server, TenantConfig, UserConfig};

/// Knosc on this machine: everything that is documented of the bulk import, and nothing that is real.
#[derive(Debug, Parser)]
#[command(name = "local-knosc", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve on loopback until SIGINT or SIGTERM.
    Serve(Serve),
}

#[derive(Debug, Args)]
struct Serve {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The address, which must be loopback.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// Print `http://127.0.0.1:PORT` on stdout once it listens.
    #[arg(long)]
    print_url: bool,
    /// The user of the default tenant.
    #[arg(long, default_value = local_knosc::DEFAULT_USER)]
    user: String,
    /// The environment variable that holds the user's password; without it, `local-demo-password`.
    #[arg(long, value_name = "VAR")]
    password_env: Option<String>,
    /// The environment variable that holds the user's TOTP secret in base32; turns on the second factor.
    #[arg(long, value_name = "VAR")]
    totp_secret_env: Option<String>,
    /// How fast jobs run.
    #[arg(long, value_name = "N")]
    rows_per_second: Option<u64>,
    /// Begin with an integration that holds the tables for so long.
    #[arg(long, value_name = "N")]
    integration_lock_seconds: Option<u64>,
    /// End each access token after so many requests.
    #[arg(long, value_name = "N")]
    expire_after_requests: Option<u64>,
    /// A JSON file of knobs, as for `POST /_local/knobs`.
    #[arg(long, value_name = "FILE")]
    knobs: Option<PathBuf>,
    /// A JSON file of tenants and users, instead of the built-in ones; the first is the default.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "password_env", "totp_secret_env"])]
    tenants: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Command::Serve(serve) = Cli::parse().command;
    match run(&serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            _ = writeln!(io::stderr(), "error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(serve: &Serve) -> Result<(), String> {
    let server = Server::bind(config(serve)?, SocketAddr::new(serve.address, serve.port))
        .map_err(|e| e.to_string())?;
    if let Some(path) = &serve.knobs {
        let body = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        server.turn(&body).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    if let Some(seconds) = serve.integration_lock_seconds {
        server.lock_integration(|now| {
            IntegrationLock::Until(now.saturating_add(seconds.saturating_mul(1_000)))
        });
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| e.to_string())?;
    runtime.block_on(serve_until_stopped(server, serve.print_url)).map_err(|e| e.to_string())
}

async fn serve_until_stopped(server: Server, print_url: bool) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // Both are caught before the address is printed: whoever reads it may stop us at once.
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let url = format!("http://{}", server.address()?);
    if print_url {
        writeln!(io::stdout(), "{url}")?;
        io::stdout().flush()?;
    }
    writeln!(io::stderr(), "local-knosc listens on {url}; it is not Knosc, and stores nothing")?;
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    server.run(stop).await
}

fn config(serve: &Serve) -> Result<Config, String> {
    let mut config = Config::default();
    if let Some(path) = &serve.tenants {
        let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        config.tenants = serde_json::from_slice::<Vec<TenantConfig>>(&bytes)
            .map_err(|e| format!("{}: {e}", path.display()))?;
        let first =
            config.tenants.first().ok_or_else(|| format!("{}: no tenant", path.display()))?;
        config.default_tenant = first.name.clone();
    } else if let Some(demo) =
        config.tenants.first_mut().and_then(|tenant| tenant.users.first_mut())
    {
        let password = serve.password_env.as_deref().map(variable).transpose()?;
        *demo = UserConfig {
            totp_secret: serve.totp_secret_env.as_deref().map(variable).transpose()?,
            administrator: true,
            ..UserConfig::new(
                &serve.user,
                password.as_deref().unwrap_or(local_knosc::DEFAULT_PASSWORD),
            )
        };
        let totp_is_bad = |secret: &String| local_knosc::totp_code(secret, 0).is_none();
        if demo.totp_secret.as_ref().is_some_and(totp_is_bad) {
            return Err("the TOTP secret is not base32".into());
        }
    }
    let knobs = &mut config.knobs;
    *knobs = Knobs {
        rows_per_second: serve.rows_per_second.unwrap_or(knobs.rows_per_second),
        assumed_expire_after_requests: serve.expire_after_requests,
        ..knobs.clone()
    };
    Ok(config)
}

fn variable(name: &str) -> Result<String, String> {
    let value =
        std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))?;
    if value.is_empty() {
        Err(format!("the environment variable {name} is empty"))
    } else {
        Ok(value)
    }
}
