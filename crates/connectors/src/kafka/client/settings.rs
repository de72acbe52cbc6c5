//! What a client is told before it is made.

use std::ffi::{CString, c_char};

use dataflow::OptionError;
use rdkafka_sys::bindings as sys;

/// Bytes of librdkafka's messages about what is wrong.
pub const MESSAGE_BYTES_MAX: usize = 512;

/// Settings of librdkafka by their names there, and the option that each of them comes from.
#[derive(Clone, Default)]
pub struct Settings {
    entries: Vec<Setting>,
}

#[derive(Clone)]
struct Setting {
    name: String,
    value: String,
    /// `None`: it is ours.
    option: Option<String>,
}

impl Settings {
    /// Sets what no option asks for. A later value of a name counts.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.put(name, value.into(), None);
    }

    pub fn set_by(&mut self, option: &str, name: &str, value: impl Into<String>) {
        self.put(name, value.into(), Some(option.to_string()));
    }

    fn put(&mut self, name: &str, value: String, option: Option<String>) {
        self.entries.retain(|entry| entry.name != name);
        self.entries.push(Setting {
            name: name.to_string(),
            value,
            option,
        });
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.entries.iter().find(|entry| entry.name == name);
        found.map(|entry| entry.value.as_str())
    }

    /// The one of this name, if there is one.
    pub fn only(&self, name: &str) -> Settings {
        let entries = self.entries.iter().filter(|entry| entry.name == name);
        Settings {
            entries: entries.cloned().collect(),
        }
    }

    /// What has another value there: the option that gave it one, else its name. `except` does not count.
    pub fn difference(&self, other: &Settings, except: &str) -> Option<String> {
        let both = || self.entries.iter().chain(&other.entries);
        let differs =
            |entry: &&Setting| entry.name != except && self.get(&entry.name) != other.get(&entry.name);
        let found = both().find(differs)?;
        let mut options = both()
            .filter(|entry| entry.name == found.name)
            .filter_map(|entry| entry.option.clone());
        Some(options.next().unwrap_or_else(|| found.name.clone()))
    }

    /// Whether librdkafka takes them, without a client.
    pub fn check(&self) -> Result<(), OptionError> {
        Configuration::new(self).map(|_| ())
    }
}

/// Names only: values may be secrets.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set()
            .entries(self.entries.iter().map(|entry| &entry.name))
            .finish()
    }
}

/// A configuration that no client has taken yet.
pub struct Configuration(pub *mut sys::rd_kafka_conf_t);

impl Configuration {
    pub fn new(settings: &Settings) -> Result<Configuration, OptionError> {
        // SAFETY: it takes nothing, and never gives NULL.
        let configuration = Configuration(unsafe { sys::rd_kafka_conf_new() });
        for setting in &settings.entries {
            configuration.set(setting)?;
        }
        Ok(configuration)
    }

    fn set(&self, setting: &Setting) -> Result<(), OptionError> {
        let key = setting.option.as_deref().unwrap_or(&setting.name);
        let refused = |reason: &str| OptionError::new(key, format!("option '{key}': {reason}"));
        let name = CString::new(setting.name.as_str()).map_err(|_| refused("it has a NUL byte in it"))?;
        let value = CString::new(setting.value.as_str()).map_err(|_| refused("it has a NUL byte in it"))?;
        let mut text = Text::new();
        // SAFETY: the texts end with NUL and outlive the call; the room for the message is as long as told.
        let outcome = unsafe {
            sys::rd_kafka_conf_set(
                self.0,
                name.as_ptr(),
                value.as_ptr(),
                text.room(),
                MESSAGE_BYTES_MAX,
            )
        };
        match outcome {
            sys::rd_kafka_conf_res_t::RD_KAFKA_CONF_OK => Ok(()),
            // The message may repeat the value.
            _ if is_secret(&setting.name) => Err(refused("it is not what the client expects")),
            _ => Err(refused(&text.read())),
        }
    }
}

fn is_secret(name: &str) -> bool {
    name.contains("password") || name.ends_with(".pem")
}

impl Drop for Configuration {
    fn drop(&mut self) {
        // SAFETY: whoever takes it forgets it here.
        unsafe { sys::rd_kafka_conf_destroy(self.0) };
    }
}

/// Room for a message.
pub struct Text([u8; MESSAGE_BYTES_MAX]);

impl Text {
    pub fn new() -> Text {
        Text([0; MESSAGE_BYTES_MAX])
    }

    pub fn room(&mut self) -> *mut c_char {
        self.0.as_mut_ptr().cast()
    }

    pub fn read(&self) -> String {
        let bytes = self.0.split(|&byte| byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }
}
