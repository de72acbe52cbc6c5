//! The restart strategy that settings ask for, under Flink's keys and with Flink's defaults.

use plan::Config;
use runner::RestartStrategy;

pub fn strategy(config: &Config) -> RestartStrategy {
    let key = |name: &str| format!("restart-strategy.{name}");
    let ms = |name: &str, default: u64| {
        config.duration(&key(name)).map_or(default, |duration| {
            u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
        })
    };
    let count = |name: &str| {
        config
            .integer(&key(name))
            .map(|count| u32::try_from(count).unwrap_or(u32::MAX))
    };
    let kind = config.get("restart-strategy.type").unwrap_or_default();
    match kind.trim().to_ascii_lowercase().replace('-', "").as_str() {
        "none" | "off" | "disable" => RestartStrategy::None,
        "fixeddelay" => RestartStrategy::FixedDelay {
            attempts: count("fixed-delay.attempts").unwrap_or(1),
            delay_ms: ms("fixed-delay.delay", 1_000),
        },
        "failurerate" => RestartStrategy::FailureRate {
            failures_max: count("failure-rate.max-failures-per-interval").unwrap_or(1),
            interval_ms: ms("failure-rate.failure-rate-interval", 60_000),
            delay_ms: ms("failure-rate.delay", 1_000),
        },
        "exponentialdelay" => RestartStrategy::ExponentialDelay {
            first_ms: ms("exponential-delay.initial-backoff", 1_000),
            max_ms: ms("exponential-delay.max-backoff", 60_000),
            multiplier: config
                .get("restart-strategy.exponential-delay.backoff-multiplier")
                .and_then(|text| text.trim().parse().ok())
                .unwrap_or(1.5),
            healthy_ms: ms("exponential-delay.reset-backoff-threshold", 3_600_000),
            attempts: count("exponential-delay.attempts-before-reset-backoff"),
        },
        _ => RestartStrategy::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strategy_of(settings: &[(&str, &str)]) -> RestartStrategy {
        let mut config = Config::default();
        for (name, value) in settings {
            config.set(&format!("restart-strategy.{name}"), value).unwrap();
        }
        strategy(&config)
    }

    #[test]
    fn settings_are_read_under_the_keys_of_flink() {
        assert_eq!(strategy_of(&[]), RestartStrategy::default());
        assert_eq!(strategy_of(&[("type", "Off")]), RestartStrategy::None);
        let fixed = strategy_of(&[
            ("type", "fixed-delay"),
            ("fixed-delay.attempts", "3"),
            ("fixed-delay.delay", "10 s"),
        ]);
        assert_eq!(
            fixed,
            RestartStrategy::FixedDelay {
                attempts: 3,
                delay_ms: 10_000
            }
        );
        let rate = strategy_of(&[
            ("type", "failurerate"),
            ("failure-rate.max-failures-per-interval", "5"),
        ]);
        assert_eq!(
            rate,
            RestartStrategy::FailureRate {
                failures_max: 5,
                interval_ms: 60_000,
                delay_ms: 1_000
            }
        );
        let exponential = strategy_of(&[
            ("type", "exponential-delay"),
            ("exponential-delay.backoff-multiplier", "3"),
        ]);
        assert_eq!(
            exponential,
            RestartStrategy::ExponentialDelay {
                first_ms: 1_000,
                max_ms: 60_000,
                multiplier: 3.0,
                healthy_ms: 3_600_000,
                attempts: None
            }
        );
    }

    #[test]
    fn what_is_no_strategy_is_refused() {
        let mut config = Config::default();
        let fault = config.set("restart-strategy.type", "often").unwrap_err();
        assert!(fault.message.contains("often"), "{}", fault.message);
        for factor in ["twice", "1", "inf", "-2"] {
            let key = "restart-strategy.exponential-delay.backoff-multiplier";
            assert!(config.set(key, factor).is_err(), "{factor}");
        }
    }
}
