//! Numbers in JSON that come back bit for bit, NaN and infinities included: as text.

/// For one number.
pub(crate) mod number {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&value.to_string())
    }

    pub(crate) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<f64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// For a list of names and numbers.
pub(crate) mod named_numbers {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Pair(String, #[serde(with = "super::number")] f64);

    pub(crate) fn serialize<S: Serializer>(values: &[(String, f64)], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(|(name, value)| Pair(name.clone(), *value)))
    }

    pub(crate) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Vec<(String, f64)>, D::Error> {
        Ok(Vec::<Pair>::deserialize(from)?.into_iter().map(|Pair(name, value)| (name, value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::Validation;

    #[test]
    fn every_number_comes_back_bit_for_bit() {
        let numbers = [0.1, -0.0, f64::MIN_POSITIVE / 3.0, 1.0 / 3.0, f64::MAX, f64::INFINITY, f64::NAN];
        let before = Validation {
            loss: f64::NEG_INFINITY,
            metrics: numbers.iter().map(|&x| (format!("{x}"), x)).collect(),
            score: f64::NAN,
            score_name: "auc".into(),
        };
        let text = serde_json::to_string(&before).unwrap();
        let after: Validation = serde_json::from_str(&text).unwrap();
        assert_eq!(after.loss, before.loss);
        for (a, b) in after.metrics.iter().zip(&before.metrics) {
            assert_eq!((&a.0, a.1.to_bits()), (&b.0, b.1.to_bits()));
        }
        assert!(after.score.is_nan());
    }
}
