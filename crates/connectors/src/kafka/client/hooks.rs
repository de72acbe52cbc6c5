//! What librdkafka calls: before it connects, and with what it has to tell.
//!
//! A hook runs on a thread of librdkafka or within a call of ours, takes one lock at a time, and never panics.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::address::Host;
use rdkafka_sys::bindings as sys;
use rdkafka_sys::types::RDKafkaRespErr as Code;

use super::{Kind, describe};
use crate::network::NetworkAccess;

/// What the hooks know, and where they leave what they saw.
pub struct Context {
    pub servers: String,
    network: NetworkAccess,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    refusal: Option<Refused>,
    /// A broker does not let this client in.
    rejection: Option<String>,
    last_error: Option<String>,
    failed_delivery: Option<String>,
}

/// A broker that the rules forbid.
#[derive(Debug, Clone)]
pub struct Refused {
    pub message: String,
    pub hint: Option<String>,
}

impl Context {
    pub fn new(network: NetworkAccess, servers: &str) -> Context {
        Context {
            servers: servers.to_string(),
            network,
            seen: Mutex::default(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn refusal(&self) -> Option<Refused> {
        self.seen().refusal.clone()
    }

    pub fn rejection(&self) -> Option<String> {
        self.seen().rejection.clone()
    }

    pub fn last_error(&self) -> Option<String> {
        self.seen().last_error.clone()
    }

    /// The first record that could not be delivered.
    pub fn failed_delivery(&self) -> Option<String> {
        self.seen().failed_delivery.clone()
    }

    /// Whether a broker may be reached. `name` is how the cluster calls it, `host:port`.
    fn permits(&self, name: &str, address: SocketAddr) -> bool {
        let host = name.rsplit_once(':').map_or(name, |(host, _)| host);
        // What is no host is judged by its address alone.
        let host = host.parse().unwrap_or(Host::Address(address.ip()));
        match self.network.check(&host, address) {
            Ok(()) => true,
            Err(refusal) => {
                self.seen().refusal.get_or_insert_with(|| Refused {
                    message: refusal.to_string(),
                    hint: Some(refusal.hint),
                });
                false
            }
        }
    }
}

/// Hooks a configuration up. The context must outlive the client that is made of it.
pub fn install(configuration: *mut sys::rd_kafka_conf_t, kind: Kind, context: &Context) {
    let opaque = std::ptr::from_ref(context).cast_mut().cast::<c_void>();
    // SAFETY: the configuration is alive and has no client yet.
    unsafe {
        sys::rd_kafka_conf_set_opaque(configuration, opaque);
        sys::rd_kafka_conf_set_connect_cb(configuration, Some(connect));
        sys::rd_kafka_conf_set_log_cb(configuration, Some(log));
        sys::rd_kafka_conf_set_error_cb(configuration, Some(error));
        if kind == Kind::Producer {
            sys::rd_kafka_conf_set_dr_msg_cb(configuration, Some(delivered));
        }
    }
}

/// # Safety
/// `opaque` is what [`install`] set.
unsafe fn context<'a>(opaque: *mut c_void) -> &'a Context {
    // SAFETY: the context outlives the client, whose hooks these are.
    unsafe { &*opaque.cast::<Context>() }
}

/// # Safety
/// `text` is NULL or ends with NUL.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as promised.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_string_lossy().trim().to_string()
}

/// Connects a socket if the rules permit: what was judged is what is dialled. Zero, or what is wrong.
unsafe extern "C" fn connect(
    socket: c_int,
    address: *const libc::sockaddr,
    length: c_int,
    name: *const c_char,
    opaque: *mut c_void,
) -> c_int {
    // SAFETY: librdkafka hands over a socket, an address of a family it has resolved, and its length.
    unsafe {
        let permitted =
            socket_address(address).is_some_and(|judged| context(opaque).permits(&text(name), judged));
        if !permitted {
            return libc::EACCES;
        }
        if libc::connect(socket, address, length as libc::socklen_t) == 0 {
            return 0;
        }
    }
    match std::io::Error::last_os_error().raw_os_error() {
        // The socket does not block.
        Some(libc::EINPROGRESS) => 0,
        other => other.unwrap_or(libc::EIO),
    }
}

/// # Safety
/// An address as long as its family says.
unsafe fn socket_address(address: *const libc::sockaddr) -> Option<SocketAddr> {
    // SAFETY: as promised; the reads do not ask for alignment.
    unsafe {
        match c_int::from(address.read_unaligned().sa_family) {
            libc::AF_INET => {
                let v4 = address.cast::<libc::sockaddr_in>().read_unaligned();
                let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
                Some(SocketAddr::new(IpAddr::V4(ip), u16::from_be(v4.sin_port)))
            }
            libc::AF_INET6 => {
                let v6 = address.cast::<libc::sockaddr_in6>().read_unaligned();
                let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
                Some(SocketAddr::new(IpAddr::V6(ip), u16::from_be(v6.sin6_port)))
            }
            _ => None,
        }
    }
}

unsafe extern "C" fn log(
    _: *const sys::rd_kafka_t,
    level: c_int,
    facility: *const c_char,
    line: *const c_char,
) {
    /// The levels of syslog: warnings and what is worse.
    const WARNING: c_int = 4;
    // SAFETY: both end with NUL.
    let (facility, line) = unsafe { (text(facility), text(line)) };
    // A broker that goes away comes back: librdkafka's errors are our warnings.
    if level <= WARNING {
        tracing::warn!(target: "connectors::kafka", facility, "{line}");
    } else {
        tracing::debug!(target: "connectors::kafka", facility, "{line}");
    }
}

unsafe extern "C" fn error(_: *mut sys::rd_kafka_t, code: c_int, reason: *const c_char, opaque: *mut c_void) {
    // That all of them are down follows the reasons of each, which say more.
    if code == Code::RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN as c_int {
        return;
    }
    // SAFETY: the opaque value is ours, the reason ends with NUL.
    let (context, reason) = unsafe { (context(opaque), text(reason)) };
    let mut seen = context.seen();
    if code == Code::RD_KAFKA_RESP_ERR__AUTHENTICATION as c_int {
        seen.rejection.get_or_insert_with(|| reason.clone());
    }
    seen.last_error = Some(reason);
}

unsafe extern "C" fn delivered(
    _: *mut sys::rd_kafka_t,
    message: *const sys::rd_kafka_message_t,
    opaque: *mut c_void,
) {
    // SAFETY: the message is alive during the call, and so is its topic.
    let (message, context) = unsafe { (&*message, context(opaque)) };
    if message.err == Code::RD_KAFKA_RESP_ERR_NO_ERROR {
        return;
    }
    // SAFETY: as above; the name ends with NUL.
    let topic = match message.rkt.is_null() {
        true => String::new(),
        false => unsafe { text(sys::rd_kafka_topic_name(message.rkt)) },
    };
    let reason = describe(message.err);
    context
        .seen()
        .failed_delivery
        .get_or_insert_with(|| match message.partition {
            0.. => format!("topic '{topic}', partition {}: {reason}", message.partition),
            _ => format!("topic '{topic}': {reason}"),
        });
}
