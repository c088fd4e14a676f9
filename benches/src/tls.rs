//! The same uploads over TLS. The front that speaks it shares two cores with the client, so that computing time is judged, and
//! wall time is for information.

use std::{fs, path::PathBuf, sync::Arc};

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};
use xtask::Failure;

use crate::{
    Extent, plot,
    report::{Check, Section},
    rivals::{Arena, SINK},
    sample::{Samples, sample},
    upload,
};

/// Kernel ticks are 10 ms: of a smaller file they say little.
const JUDGED_FROM: u64 = 512 << 20;

pub(crate) fn run(arena: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    arena.server.turn(SINK)?;
    let front = Front::before(arena)?;
    let mut section = Section::new("upload, TLS");
    for size in extent.sizes(&upload::SIZES) {
        let file = arena.file(size)?;
        let (mut ours, mut curl) = (Samples::default(), Samples::default());
        for _ in 0..extent.repeats {
            let mut upload = arena.our_upload(&file)?;
            upload.env("KNOSC_BASE_URL", &front.url).env("KNOSC_CA_FILE", &front.certificate);
            ours.0.push(sample(&mut upload)?);
            curl.add(arena.curl_tls(&front.url, &front.certificate, &file))?;
        }
        let case = plot::size_label(upload::bytes(size));
        println!("  {case}: {:.3} s, curl {:.3} s", ours.wall_s(), curl.wall_s());
        let ratio = ours.cpu_s().zip(curl.cpu_s()).map_or(f64::NAN, |(ours, curl)| ours / curl);
        if size >= JUDGED_FROM && !curl.0.is_empty() {
            let what = format!("{case}, computing time to curl's");
            section.check(Check::at_most(what, ratio, 1.2, 1.0));
        }
        section.row(case.clone(), "knosc-runner", ours);
        section.row(case, "curl", curl);
    }
    Ok(section)
}

/// Speaks TLS on loopback and passes bytes on; it knows no HTTP. Ends with this value.
struct Front {
    url: String,
    certificate: PathBuf,
    _runtime: tokio::runtime::Runtime,
}

impl Front {
    fn before(arena: &Arena) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(format!("TLS front: {error}"));
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let made = made.map_err(|error| failed(&error))?;
        let certificate = arena.folder().join("front.pem");
        fs::write(&certificate, made.cert.pem())
            .map_err(|error| Failure::file(&certificate, &error))?;
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.map_err(|error| failed(&error))?)
            .map_err(|error| failed(&error))?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| failed(&error))?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.map_err(|error| failed(&error))?;
        let port = listener.local_addr().map_err(|error| failed(&error))?.port();
        let knosc = arena.server.url().trim_start_matches("http://").to_owned();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, acceptor.clone(), knosc.clone()));
            }
        });
        Ok(Self { url: format!("https://localhost:{port}"), certificate, _runtime: runtime })
    }
}

/// One connection; what breaks it is the client's to report.
async fn pass(stream: TcpStream, acceptor: TlsAcceptor, knosc: String) {
    let Ok(mut client) = acceptor.accept(stream).await else { return };
    let Ok(mut server) = TcpStream::connect(knosc).await else { return };
    _ = tokio::io::copy_bidirectional_with_sizes(&mut client, &mut server, 1 << 16, 1 << 16).await;
}
