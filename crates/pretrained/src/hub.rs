//! Networks by their names on the Hugging Face hub, by its own client; once fetched, they need no network connection any more.

use crate::folder::{CONFIG, CONVERT, INDEX, POOLING, PREPROCESSOR, TOKENIZER, WEIGHTS, is_pickle, parts_of};
use crate::{Error, Result};
use hf_hub::api::sync::{ApiBuilder, ApiError, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use std::path::PathBuf;

/// What stands before a name, to tell it from a folder.
const PREFIX: &str = "hub:";

/// The version that is meant where none is named.
const NEWEST: &str = "main";

const ADVICE: &str =
    "look the name up at https://huggingface.co/models, or fetch the folder by other means and give its path";
const CONNECT: &str = "check the connection (HF_ENDPOINT names another address), or fetch the folder by other means and give its path";

/// Where networks come from, and where they are kept.
pub struct Hub {
    cache: Cache,
    endpoint: Option<String>,
}

impl Hub {
    /// The usual one: networks are kept where all programs of the hub keep them (the folder `HF_HOME`, if that is set); `HF_ENDPOINT` may
    /// name another address.
    pub fn usual() -> Hub {
        Hub { cache: Cache::from_env(), endpoint: std::env::var("HF_ENDPOINT").ok() }
    }

    /// One at another address, whose networks are kept in a folder of their own.
    pub fn at(endpoint: impl Into<String>, folder: impl Into<PathBuf>) -> Hub {
        Hub { cache: Cache::new(folder.into()), endpoint: Some(endpoint.into()) }
    }

    /// Whether a path is a name on the hub: `hub:owner/name`, or `hub:owner/name@version`.
    pub fn is_name(path: &str) -> bool {
        path.starts_with(PREFIX)
    }

    /// Fetches what is needed of a network, unless that was done before; the result is its folder.
    ///
    /// # Errors
    /// A name that cannot be one or is not known, no connection, and a network that is only there as a Python program.
    pub fn fetch(&self, path: &str) -> Result<PathBuf> {
        let name = path.strip_prefix(PREFIX).unwrap_or(path);
        let (id, version) = name.split_once('@').unwrap_or((name, NEWEST));
        let fine = |part: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && !part.starts_with('.') && part.chars().all(known)
        };
        if id.split('/').count() > 2 || !id.split('/').chain([version]).all(fine) {
            let why = "it is not of the form hub:owner/name or hub:owner/name@version";
            return Err(Error::new(path, why, ADVICE));
        }
        let repo = Repo::with_revision(id.to_owned(), RepoType::Model, version.to_owned());
        // The configuration is fetched last: where it is, everything is.
        if let Some(config) = self.cache.repo(repo.clone()).get(CONFIG) {
            return Ok(folder_of(config));
        }
        let failed = |e: ApiError| {
            let unknown =
                matches!(&e, ApiError::RequestError(e) if matches!(**e, ureq::Error::Status(401 | 404, _)));
            match unknown {
                true => {
                    Error::new(path, "the hub knows no such network, or does not show it to everyone", ADVICE)
                }
                false => Error::new(path, e.to_string(), CONNECT),
            }
        };
        let mut builder = ApiBuilder::from_cache(self.cache.clone()).with_retries(3);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint.clone());
        }
        let repo = builder.build().map_err(failed)?.repo(repo);
        let files: Vec<String> =
            repo.info().map_err(failed)?.siblings.into_iter().map(|s| s.rfilename).collect();
        for file in wanted(&repo, &files).map_err(failed)? {
            repo.get(&file).map_err(failed)?;
        }
        match files.iter().any(|file| file == WEIGHTS || file == INDEX) {
            true => repo.get(CONFIG).map(folder_of).map_err(failed),
            false if files.iter().any(|file| is_pickle(file)) => {
                let why = "its weights are only there as a Python pickle, which is a program that could do anything";
                Err(Error::new(path, why, CONVERT))
            }
            false => Err(Error::new(path, format!("it has no {WEIGHTS}"), ADVICE)),
        }
    }
}

/// The files that are needed, of those that there are, but for the configuration.
fn wanted(repo: &ApiRepo, files: &[String]) -> std::result::Result<Vec<String>, ApiError> {
    let there = |name: &str| files.iter().any(|file| file == name);
    let single = [TOKENIZER, PREPROCESSOR, POOLING, WEIGHTS].into_iter().filter(|name| there(name));
    let mut wanted: Vec<String> = single.map(str::to_owned).collect();
    if !there(WEIGHTS) && there(INDEX) {
        let index = std::fs::read(repo.get(INDEX)?)?;
        let index = serde_json::from_slice(&index).unwrap_or_default();
        // Only files that the hub lists are asked for.
        wanted.extend(parts_of(&index).into_iter().filter(|part| there(part)));
    }
    Ok(wanted)
}

fn folder_of(config: PathBuf) -> PathBuf {
    config.parent().map(PathBuf::from).unwrap_or(config)
}
