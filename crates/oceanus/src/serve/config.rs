//! What the server is told, with its meaning: addresses that can be bound, absolute paths, amounts in bytes.
//!
//! `default.toml` is the reference: it has every key, with its default.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use embedded::{S3Credentials, S3Location, SnapshotLocation};
use model::{AddressRule, AddressRules};
use tracing_subscriber::EnvFilter;

use super::layers::{Fault, Layers, Sources};

/// Every setting with its default, and what it means.
pub const REFERENCE: &str = include_str!("default.toml");

/// Parts of the machine's memory, in percent, that jobs may take unless something else is said.
const MEMORY_SHARE_PERCENT: u64 = 75;
const SESSION_HOURS_MAX: u64 = 24 * 366;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// People sign in.
    Users,
    /// Whoever reaches the port may do everything.
    SingleUser,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub mode: Mode,
    pub master_key: PathBuf,
    /// Names that the server answers to, those of this machine aside.
    pub hosts: Vec<String>,
    pub tls: Option<TlsFiles>,
    pub capacity: Share,
    pub workspace: Share,
    pub file_roots: Vec<PathBuf>,
    /// What connectors may reach.
    pub network: AddressRules,
    /// Where checkpoints and savepoints go; `None`: into the data folder.
    pub snapshots: Option<SnapshotLocation>,
    pub upload_bytes_max: usize,
    pub session_lifetime: Duration,
    pub log_level: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub cores: u32,
    pub memory_bytes: u64,
}

/// What defaults depend on.
#[derive(Debug, Clone)]
pub struct Machine {
    pub cores: u32,
    pub memory_bytes: u64,
    /// Where programs keep a person's data, such as `~/.local/share`.
    pub data_home: Option<PathBuf>,
}

impl Config {
    /// The second part of the result are warnings.
    pub fn read(sources: Sources<'_>, machine: &Machine) -> Result<(Config, Vec<Fault>), Fault> {
        let from_aws = Aws::of(&sources.environment);
        let (layers, warnings) = Layers::read(REFERENCE, sources)?;
        let mode = mode(&layers)?;
        let data = data(&layers, machine)?;
        let master_key = master_key(&layers, &data)?;
        let capacity = share(
            &layers,
            "capacity",
            Share {
                cores: machine.cores,
                memory_bytes: machine.memory_bytes.saturating_mul(MEMORY_SHARE_PERCENT) / 100,
            },
        )?;
        let file_roots = file_roots(&layers, &data, &master_key)?;
        let config = Config {
            snapshots: snapshots(&layers, &data, &file_roots, from_aws)?,
            listen: listen(&layers, mode)?,
            hosts: layers.list("hosts").to_vec(),
            tls: tls(&layers)?,
            capacity,
            workspace: share(&layers, "workspace", capacity)?,
            file_roots,
            network: network(&layers, mode)?,
            upload_bytes_max: upload_bytes_max(&layers)?,
            session_lifetime: session_lifetime(&layers)?,
            log_level: log_level(&layers)?,
            master_key,
            data,
            mode,
        };
        Ok((config, warnings))
    }

    /// What no table may touch, even where an allowed folder lies above it.
    pub fn denied_files(&self) -> Vec<PathBuf> {
        let mut denied = vec![self.master_key.clone()];
        if let Some(tls) = &self.tls {
            denied.push(tls.key.clone());
        }
        let own = [
            "oceanus.db",
            "oceanus.db-wal",
            "oceanus.db-shm",
            "oceanus.db-journal",
            "oceanus.db.lock",
            "artifacts",
            super::RUNS_FOLDER,
            "deployments",
            super::first_start::PASSWORD_FILE,
            super::place::INSTANCE_FILE,
            super::place::PLACE_FILE,
        ];
        denied.extend(own.iter().map(|name| self.data.join(name)));
        if let Some(SnapshotLocation::Folder(folder)) = &self.snapshots {
            denied.push(folder.clone());
        }
        denied
    }
}

fn mode(layers: &Layers) -> Result<Mode, Fault> {
    match layers.text("mode") {
        "users" => Ok(Mode::Users),
        "single-user" => Ok(Mode::SingleUser),
        other => {
            let message = format!("must be 'users' or 'single-user', got '{other}'");
            Err(layers.fault("mode", message, None))
        }
    }
}

fn listen(layers: &Layers, mode: Mode) -> Result<SocketAddr, Fault> {
    let text = layers.text("listen");
    let wrong = |message: String| {
        let hint = "such as 127.0.0.1:8180 for this machine, 0.0.0.0:8180 for every network that it is in";
        layers.fault("listen", message, Some(hint))
    };
    let (host, port) = text
        .rsplit_once(':')
        .ok_or_else(|| wrong(format!("must be HOST:PORT, got '{text}'")))?;
    let port: u16 = port
        .parse()
        .map_err(|_| wrong(format!("must end with a port from 0 to 65535, got '{text}'")))?;
    let address = match host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
    {
        Ok(ip) => SocketAddr::new(ip, port),
        // Not looked up: whatever the system says of this name, it shall stay on this machine.
        Err(_) if host.eq_ignore_ascii_case("localhost") => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port),
        Err(_) => (host, port)
            .to_socket_addrs()
            .ok()
            .and_then(|mut found| found.next())
            .ok_or_else(|| wrong(format!("names a host that is not found, '{host}'")))?,
    };
    if mode == Mode::SingleUser && !address.ip().is_loopback() {
        let message = format!(
            "must be an address of this machine only in single-user mode, got '{text}': whoever reached it could do everything"
        );
        let hint = "listen on 127.0.0.1, or let people sign in: leave out --single-user";
        return Err(layers.fault("listen", message, Some(hint)));
    }
    Ok(address)
}

fn data(layers: &Layers, machine: &Machine) -> Result<PathBuf, Fault> {
    let text = layers.text("data");
    if !text.is_empty() {
        return absolute(layers, "data", text);
    }
    match &machine.data_home {
        Some(home) => Ok(home.join("oceanus")),
        None => Err(layers.fault(
            "data",
            "must be given: there is no home folder",
            Some("say where with --data DIR"),
        )),
    }
}

fn master_key(layers: &Layers, data: &Path) -> Result<PathBuf, Fault> {
    let text = layers.text("master_key");
    if !text.is_empty() {
        let path = absolute(layers, "master_key", text)?;
        if path.starts_with(data) {
            let hint = "a copy of the data folder would hold the key to its secrets";
            return Err(layers.fault("master_key", "must lie outside of the data folder", Some(hint)));
        }
        return Ok(path);
    }
    // `/` has no name and nothing beside it.
    match data.file_name() {
        Some(name) => {
            let mut name = name.to_os_string();
            name.push(".key");
            Ok(data.with_file_name(name))
        }
        None => Err(layers.fault("data", "must be a folder of its own", None)),
    }
}

fn tls(layers: &Layers) -> Result<Option<TlsFiles>, Fault> {
    let (certificate, key) = (layers.text("tls.certificate"), layers.text("tls.key"));
    match (certificate.is_empty(), key.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(TlsFiles {
            certificate: absolute(layers, "tls.certificate", certificate)?,
            key: absolute(layers, "tls.key", key)?,
        })),
        (true, false) => Err(layers.fault("tls.key", "needs 'tls.certificate' beside it", None)),
        (false, true) => Err(layers.fault("tls.certificate", "needs 'tls.key' beside it", None)),
    }
}

/// Zeros become what there is.
fn share(layers: &Layers, table: &str, all: Share) -> Result<Share, Fault> {
    let (cores_key, memory_key) = (format!("{table}.cores"), format!("{table}.memory_mib"));
    let cores = match layers.number(&cores_key) {
        0 => all.cores,
        cores => u32::try_from(cores).map_err(|_| layers.fault(&cores_key, "is out of range", None))?,
    };
    let memory_bytes = match layers.number(&memory_key) {
        0 => all.memory_bytes,
        mib => mib
            .checked_mul(1 << 20)
            .ok_or_else(|| layers.fault(&memory_key, "is out of range", None))?,
    };
    Ok(Share { cores, memory_bytes })
}

/// Folders for all workspaces. None leads to what the server keeps, nor to the folder of files of one workspace.
fn file_roots(layers: &Layers, data: &Path, master_key: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut roots = Vec::new();
    for text in layers.list("files.roots") {
        let path = PathBuf::from(text);
        if !path.is_absolute() {
            let message = format!("must hold absolute paths, got '{text}'");
            return Err(layers.fault("files.roots", message, None));
        }
        let root = real(&path);
        let (data, master_key) = (real(data), real(master_key));
        let hint = "name folders that only tables use";
        if root.starts_with(&data) || data.starts_with(&root) {
            let message = format!("must lie apart from the data folder, got '{text}'");
            return Err(layers.fault("files.roots", message, Some(hint)));
        }
        if root.starts_with(&master_key) || master_key.starts_with(&root) {
            let message = format!("must not lead to the master key, got '{text}'");
            return Err(layers.fault("files.roots", message, Some(hint)));
        }
        roots.push(path);
    }
    Ok(roots)
}

/// Where a path leads, as far as it is there yet.
fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), ..) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        (Err(_), ..) => path.to_path_buf(),
    }
}

fn network(layers: &Layers, mode: Mode) -> Result<AddressRules, Fault> {
    let mut rules = Vec::new();
    for text in layers.list("network.addresses") {
        let rule: Result<AddressRule, _> = text.parse();
        rules.push(rule.map_err(|fault| {
            layers.fault(
                "network.addresses",
                format!("has a wrong rule: {}", fault.message),
                Some(fault.hint),
            )
        })?);
    }
    let mut rules = AddressRules::new(rules);
    if mode == Mode::SingleUser {
        rules.extend(AddressRules::loopback());
    }
    Ok(rules)
}

/// What variables of the environment say that other programs read, too.
struct Aws {
    credentials: Option<S3Credentials>,
    region: Option<String>,
}

impl Aws {
    fn of(environment: &BTreeMap<String, String>) -> Aws {
        let value = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
        let keys = value("AWS_ACCESS_KEY_ID").zip(value("AWS_SECRET_ACCESS_KEY"));
        Aws {
            credentials: keys.map(|(access_key, secret_key)| S3Credentials {
                access_key,
                secret_key,
                session_token: value("AWS_SESSION_TOKEN"),
            }),
            region: value("AWS_REGION").or_else(|| value("AWS_DEFAULT_REGION")),
        }
    }
}

const DIR: &str = "execution.checkpointing.dir";

fn snapshots(
    layers: &Layers,
    data: &Path,
    file_roots: &[PathBuf],
    from_aws: Aws,
) -> Result<Option<SnapshotLocation>, Fault> {
    let text = layers.text(DIR);
    if text.is_empty() {
        return Ok(None);
    }
    let hint = "such as /var/lib/oceanus-state or s3://bucket/prefix";
    if let Some(place) = text.strip_prefix("s3://") {
        return Ok(Some(SnapshotLocation::S3(Box::new(s3(layers, place, from_aws)?))));
    }
    let folder = PathBuf::from(text.strip_prefix("file://").unwrap_or(text));
    if !folder.is_absolute() || folder.parent().is_none() {
        let message = format!("must be the absolute path of a folder, or s3://bucket/prefix, got '{text}'");
        return Err(layers.fault(DIR, message, Some(hint)));
    }
    let (place, data) = (real(&folder), real(data));
    if place == data {
        return Ok(None);
    }
    if place.starts_with(&data) || data.starts_with(&place) {
        let message = format!("must lie apart from the data folder, got '{text}'");
        let hint = "leave it out to have checkpoints in the data folder";
        return Err(layers.fault(DIR, message, Some(hint)));
    }
    for root in file_roots {
        let root = real(root);
        if place.starts_with(&root) || root.starts_with(&place) {
            let message = format!("must lie apart from the folders of tables, got '{text}'");
            return Err(layers.fault(DIR, message, Some("see 'files.roots'")));
        }
    }
    Ok(Some(SnapshotLocation::Folder(folder)))
}

/// `place` is the bucket with the prefix behind it.
fn s3(layers: &Layers, place: &str, from_aws: Aws) -> Result<S3Location, Fault> {
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let prefix = prefix.trim_matches('/');
    let is_name = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    if bucket.is_empty() || !is_name(bucket) {
        let message = format!("must name a bucket behind s3://, got '{bucket}'");
        return Err(layers.fault(DIR, message, Some("such as s3://bucket/prefix")));
    }
    let is_part = |part: &str| !part.is_empty() && part != "." && part != ".." && is_name(part);
    if !prefix.is_empty() && !prefix.split('/').all(is_part) {
        let message =
            format!("has a prefix of other than letters, digits, '.', '_', '-' and '/', '{prefix}'");
        return Err(layers.fault(DIR, message, None));
    }
    let region = match layers.text("s3.region") {
        "" => from_aws.region.unwrap_or_else(|| "us-east-1".to_string()),
        region => region.to_string(),
    };
    if !is_name(&region) {
        return Err(layers.fault("s3.region", format!("is no name of a region, '{region}'"), None));
    }
    let endpoint = match layers.text("s3.endpoint") {
        "" => format!("https://s3.{region}.amazonaws.com"),
        endpoint => {
            let host = endpoint
                .strip_prefix("https://")
                .or_else(|| endpoint.strip_prefix("http://"));
            // One with a name and a password in it is not repeated.
            if host.is_none_or(|host| host.is_empty() || host.contains(['@', '?', '#'])) {
                let message = "must be a URL with a scheme, a host, and perhaps a port";
                let hint = "such as https://minio.example.com:9000";
                return Err(layers.fault("s3.endpoint", message, Some(hint)));
            }
            endpoint.to_string()
        }
    };
    Ok(S3Location {
        bucket: bucket.to_string(),
        prefix: prefix.to_string(),
        endpoint,
        region,
        is_path_style: layers.boolean("s3.path_style_access"),
        authorities: authorities(layers)?,
        credentials: credentials(layers, from_aws.credentials)?,
    })
}

fn authorities(layers: &Layers) -> Result<Option<String>, Fault> {
    let text = layers.text("s3.ca_file");
    if text.is_empty() {
        return Ok(None);
    }
    let path = absolute(layers, "s3.ca_file", text)?;
    match std::fs::read_to_string(&path) {
        Ok(pem) if pem.contains("-----BEGIN CERTIFICATE-----") => Ok(Some(pem)),
        Ok(_) => Err(layers.fault("s3.ca_file", "has no certificate in PEM", None)),
        Err(error) => Err(layers.fault("s3.ca_file", format!("cannot be read: {error}"), None)),
    }
}

fn credentials(layers: &Layers, from_aws: Option<S3Credentials>) -> Result<S3Credentials, Fault> {
    let [access_key, secret_key, session_token] =
        ["s3.access_key", "s3.secret_key", "s3.session_token"].map(|key| layers.text(key).to_string());
    match (access_key.is_empty(), secret_key.is_empty()) {
        (false, false) => Ok(S3Credentials {
            access_key,
            secret_key,
            session_token: Some(session_token).filter(|token| !token.is_empty()),
        }),
        (true, true) => from_aws.ok_or_else(|| {
            let message = "must be given where checkpoints go to an object store";
            let hint = "or by the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
            layers.fault("s3.access_key", message, Some(hint))
        }),
        (true, false) => Err(layers.fault("s3.secret_key", "needs 's3.access_key' beside it", None)),
        (false, true) => Err(layers.fault("s3.access_key", "needs 's3.secret_key' beside it", None)),
    }
}

fn upload_bytes_max(layers: &Layers) -> Result<usize, Fault> {
    let most = (store::ARTIFACT_BYTES_MAX >> 20) as u64;
    match layers.number("upload.size_mib_max") {
        mib if (1..=most).contains(&mib) => Ok((mib as usize) << 20),
        mib => Err(layers.fault(
            "upload.size_mib_max",
            format!("must be from 1 to {most}, got {mib}"),
            None,
        )),
    }
}

fn session_lifetime(layers: &Layers) -> Result<Duration, Fault> {
    match layers.number("session.lifetime_hours") {
        hours if (1..=SESSION_HOURS_MAX).contains(&hours) => Ok(Duration::from_secs(hours * 3600)),
        hours => Err(layers.fault(
            "session.lifetime_hours",
            format!("must be from 1 to {SESSION_HOURS_MAX}, got {hours}"),
            None,
        )),
    }
}

fn log_level(layers: &Layers) -> Result<String, Fault> {
    let text = layers.text("log.level");
    match EnvFilter::builder().parse(text) {
        Ok(_) if !text.trim().is_empty() => Ok(text.to_string()),
        _ => Err(layers.fault(
            "log.level",
            format!("must be error, warn, info, debug or trace, got '{text}'"),
            Some("by module: 'info,jobs=debug'"),
        )),
    }
}

fn absolute(layers: &Layers, key: &str, text: &str) -> Result<PathBuf, Fault> {
    std::path::absolute(text).map_err(|error| layers.fault(key, format!("is no path: {error}"), None))
}

#[cfg(test)]
mod tests {
    use super::super::layers::Value;
    use super::*;

    fn machine() -> Machine {
        Machine {
            cores: 8,
            memory_bytes: 16 << 30,
            data_home: Some(PathBuf::from("/home/ada/.local/share")),
        }
    }

    fn read(file: &str, flags: Vec<(&'static str, Value)>) -> Result<Config, String> {
        let sources = Sources {
            flags,
            ..Sources::of(file, &[])
        };
        Config::read(sources, &machine())
            .map(|(config, _)| config)
            .map_err(|fault| fault.render())
    }

    #[test]
    fn nothing_but_the_reference_gives_a_server_for_this_machine() {
        let config = read("", Vec::new()).unwrap();
        assert_eq!(config.listen, "127.0.0.1:8180".parse().unwrap());
        assert_eq!(config.mode, Mode::Users);
        assert_eq!(config.data, Path::new("/home/ada/.local/share/oceanus"));
        assert_eq!(config.master_key, Path::new("/home/ada/.local/share/oceanus.key"));
        assert_eq!(
            config.capacity,
            Share {
                cores: 8,
                memory_bytes: 12 << 30
            }
        );
        assert_eq!(config.workspace, config.capacity);
        assert_eq!(config.tls, None);
    }

    #[test]
    fn single_user_mode_stays_on_this_machine() {
        let at = |listen: &str| {
            let flags = vec![
                ("mode", Value::Text("single-user".to_string())),
                ("listen", Value::Text(listen.to_string())),
            ];
            read("", flags)
        };
        for listen in ["127.0.0.1:0", "localhost:8180", "[::1]:8180", "127.9.9.9:1"] {
            assert!(at(listen).is_ok(), "{listen}");
        }
        for listen in ["0.0.0.0:8180", "[::]:8180", "192.0.2.1:8180"] {
            let refused = at(listen).unwrap_err();
            assert!(
                refused.starts_with("command line: error: 'listen' must be an address of this machine only"),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_wrong_value_is_refused_at_its_place() {
        for (file, start) in [
            (
                "mode = 'open'",
                "my.toml:1:8: error: 'mode' must be 'users' or 'single-user', got 'open'",
            ),
            (
                "listen = '8180'",
                "my.toml:1:10: error: 'listen' must be HOST:PORT, got '8180'",
            ),
            (
                "listen = 'localhost:http'",
                "my.toml:1:10: error: 'listen' must end with a port",
            ),
            (
                "[tls]\nkey = 'k.pem'",
                "my.toml:2:7: error: 'tls.key' needs 'tls.certificate' beside it",
            ),
            (
                "[files]\nroots = ['data']",
                "my.toml:2:9: error: 'files.roots' must hold absolute paths, got 'data'",
            ),
            (
                "data = '/d/e'\n[files]\nroots = ['/f', '/d']",
                "my.toml:3:9: error: 'files.roots' must lie apart from the data folder, got '/d'",
            ),
            (
                "data = '/d/e'\n[files]\nroots = ['/d/e/files/w']",
                "my.toml:3:9: error: 'files.roots' must lie apart from the data folder",
            ),
            (
                "data = '/d/e'\nmaster_key = '/k/key'\n[files]\nroots = ['/k']",
                "my.toml:4:9: error: 'files.roots' must not lead to the master key, got '/k'",
            ),
            (
                "[network]\naddresses = ['10.0.0.0/99']",
                "my.toml:2:13: error: 'network.addresses' has a wrong rule: '10.0.0.0/99'",
            ),
            (
                "[session]\nlifetime_hours = 0",
                "my.toml:2:18: error: 'session.lifetime_hours' must be from 1",
            ),
            (
                "[upload]\nsize_mib_max = 257",
                "my.toml:2:16: error: 'upload.size_mib_max' must be from 1 to 256",
            ),
            (
                "[log]\nlevel = 'jobs=loud'",
                "my.toml:2:9: error: 'log.level' must be error, warn",
            ),
            (
                "[execution.checkpointing]\ndir = 'state'",
                "my.toml:2:7: error: 'execution.checkpointing.dir' must be the absolute path of a folder, or s3://",
            ),
            (
                "[execution.checkpointing]\ndir = 'hdfs://n/state'",
                "my.toml:2:7: error: 'execution.checkpointing.dir' must be the absolute path of a folder, or s3://",
            ),
            (
                "data = '/d'\n[execution.checkpointing]\ndir = '/d/state'",
                "my.toml:3:7: error: 'execution.checkpointing.dir' must lie apart from the data folder",
            ),
            (
                "[files]\nroots = ['/f']\n[execution.checkpointing]\ndir = '/f/state'",
                "my.toml:4:7: error: 'execution.checkpointing.dir' must lie apart from the folders of tables",
            ),
            (
                "[execution.checkpointing]\ndir = 's3:///p'",
                "my.toml:2:7: error: 'execution.checkpointing.dir' must name a bucket",
            ),
            (
                "[execution.checkpointing]\ndir = 's3://b/p//q'",
                "my.toml:2:7: error: 'execution.checkpointing.dir' has a prefix of other than",
            ),
            (
                "[execution.checkpointing]\ndir = 's3://b'",
                "configuration: error: 's3.access_key' must be given",
            ),
            (
                "[execution.checkpointing]\ndir = 's3://b'\n[s3]\naccess_key = 'a'",
                "my.toml:4:14: error: 's3.access_key' needs 's3.secret_key' beside it",
            ),
            (
                "[execution.checkpointing]\ndir = 's3://b'\n[s3]\nendpoint = 'http://u:p@h'",
                "my.toml:4:12: error: 's3.endpoint' must be a URL",
            ),
            (
                "[s3]\npath_style_access = 'yes'",
                "my.toml:2:21: error: 's3.path_style_access' must be true or false, got a text",
            ),
            (
                "data = '/d'\nmaster_key = '/d/k'",
                "my.toml:2:14: error: 'master_key' must lie outside",
            ),
        ] {
            let refused = read(file, Vec::new()).unwrap_err();
            assert!(refused.starts_with(start), "{file}: {refused}");
        }
    }

    #[test]
    fn jobs_reach_nothing_but_what_is_allowed_and_this_machine_if_it_has_one_user() {
        assert!(read("", Vec::new()).unwrap().network.is_empty());
        let single = vec![("mode", Value::Text("single-user".to_string()))];
        assert_eq!(read("", single).unwrap().network, AddressRules::loopback());
        let allowed = read(
            "[network]\naddresses = ['kafka.internal:9092', '[fd00:7::/32]:5432']",
            Vec::new(),
        );
        assert!(!allowed.unwrap().network.is_empty());
    }

    #[test]
    fn checkpoints_go_where_they_are_told_to() {
        let folder = read("[execution.checkpointing]\ndir = 'file:///state'", Vec::new()).unwrap();
        assert_eq!(
            folder.snapshots,
            Some(SnapshotLocation::Folder(PathBuf::from("/state")))
        );
        assert!(folder.denied_files().contains(&PathBuf::from("/state")));
        let from = |file: &str, environment: &[(&str, &str)]| {
            let sources = Sources::of(file, environment);
            let (config, _) = Config::read(sources, &machine()).unwrap();
            assert!(!format!("{config:?}").contains("hidden"));
            match config.snapshots {
                Some(SnapshotLocation::S3(location)) => *location,
                other => panic!("{other:?}"),
            }
        };
        let aws = from(
            "[execution.checkpointing]\ndir = 's3://b/p/q/'",
            &[
                ("AWS_ACCESS_KEY_ID", "hidden-a"),
                ("AWS_SECRET_ACCESS_KEY", "hidden-s"),
                ("AWS_SESSION_TOKEN", "hidden-t"),
                ("AWS_REGION", "eu-central-1"),
            ],
        );
        assert_eq!(aws.to_string(), "s3://b/p/q");
        assert_eq!(aws.endpoint, "https://s3.eu-central-1.amazonaws.com");
        let credentials = |access_key: &str, secret_key: &str, session_token: Option<&str>| S3Credentials {
            access_key: access_key.to_string(),
            secret_key: secret_key.to_string(),
            session_token: session_token.map(str::to_string),
        };
        assert_eq!(
            aws.credentials,
            credentials("hidden-a", "hidden-s", Some("hidden-t"))
        );
        let own = from(
            "[execution.checkpointing]\ndir = 's3://b'\n[s3]\nendpoint = 'http://10.0.0.7:9000'\npath_style_access = true\naccess_key = 'hidden-a'",
            &[
                ("OCEANUS_S3_SECRET_KEY", "hidden-s"),
                ("OCEANUS_S3_REGION", "here"),
                ("AWS_SESSION_TOKEN", "hidden-of-others"),
            ],
        );
        assert!(own.is_path_style);
        assert_eq!(
            (own.to_string().as_str(), own.region.as_str()),
            ("s3://b", "here")
        );
        assert_eq!(own.credentials, credentials("hidden-a", "hidden-s", None));
    }

    #[test]
    fn files_of_the_server_are_kept_from_tables() {
        let config = read(
            "data = '/d'\n[tls]\ncertificate = '/c.pem'\nkey = '/k.pem'",
            Vec::new(),
        )
        .unwrap();
        let denied = config.denied_files();
        for path in [
            "/d.key",
            "/k.pem",
            "/d/oceanus.db",
            "/d/runs",
            "/d/artifacts",
            "/d/instance",
            "/d/state-place",
        ] {
            assert!(denied.iter().any(|denied| denied == Path::new(path)), "{path}");
        }
        assert!(
            !denied
                .iter()
                .any(|denied| Path::new("/d/files/w").starts_with(denied))
        );
    }
}
