//! Who may ask, and what every answer tells the browser.
//!
//! A page on the internet can make a browser send requests to this machine. So a request must name this server as its host (against DNS
//! rebinding), come from its own pages if it says where it comes from (against forged requests), and carry the token of this launch.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::sync::Arc;

use crate::problem::Problem;

/// What the browser may do with our pages: nothing from elsewhere, no script that is not a file of ours.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
     script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// Headers of every answer.
const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(self), microphone=(self), geolocation=()"),
    ("cache-control", "no-store"),
];

/// Bytes of a token.
const TOKEN: usize = 24;

/// What a request must bring.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Required>);

struct Required {
    /// The hosts that a request may name; any, where the machine has names that are not known here.
    hosts: Option<Vec<String>>,
    /// What only whoever started the program knows; none where everyone on this machine may ask.
    token: Option<String>,
    /// Cookies are shared by all ports of a machine, so its name has the port.
    cookie: String,
}

impl Guard {
    /// For a server at an address.
    ///
    /// # Errors
    /// A system without random numbers.
    pub(crate) fn new(address: SocketAddr) -> Result<Guard, String> {
        let mut bytes = [0u8; TOKEN];
        getrandom::fill(&mut bytes).map_err(|e| format!("the system gives no random numbers: {e}"))?;
        Ok(Guard::with(address, Some(pellucid_base::hex(&bytes))))
    }

    /// For a server whom everyone on its machine may ask.
    pub(crate) fn without_token(address: SocketAddr) -> Guard {
        Guard::with(address, None)
    }

    fn with(address: SocketAddr, token: Option<String>) -> Guard {
        let port = address.port();
        let names = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
        let hosts = address.ip().is_loopback().then(|| [vec![address.to_string()], names.into()].concat());
        Guard(Arc::new(Required { hosts, token, cookie: format!("pellucid-{port}") }))
    }

    /// The token, if one is needed.
    pub(crate) fn token(&self) -> Option<&str> {
        self.0.token.as_deref()
    }

    /// Whether the request names this server, and its origin, if it has one, is this server.
    fn is_addressed(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let text = |name: HeaderName| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
        let asked = text(HOST);
        let of_ours = |host: &str| match &self.0.hosts {
            Some(hosts) => hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host)),
            None => asked == Some(host),
        };
        if !asked.is_some_and(of_ours) {
            let why = "this server answers only to its own name; open the address that the terminal shows";
            return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, why));
        }
        let own = |origin: &str| origin.strip_prefix("http://").is_some_and(of_ours);
        let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        let foreign = matches!(site, Some(b"cross-site" | b"same-site"));
        if foreign || text(ORIGIN).is_some_and(|origin| !own(origin)) {
            return Err(Problem::new(StatusCode::FORBIDDEN, "another page may not ask this server anything"));
        }
        Ok(())
    }

    /// Whether the request carries the token.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.0.token else { return true };
        let bearer = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
        let cookies = headers.get_all(COOKIE).into_iter().filter_map(|v| v.to_str().ok());
        let named = cookies.flat_map(|all| all.split(';')).filter_map(|one| one.trim().split_once('='));
        let cookie = named.filter(|(name, _)| *name == self.0.cookie).map(|(_, value)| value);
        bearer.into_iter().chain(cookie).any(|given| same(given, token))
    }
}

/// Whether two texts are the same, in a time that does not tell where they differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |different, (x, y)| different | (x ^ y)) == 0
}

/// Lets through whoever may ask.
pub(crate) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let refuse = |problem: Problem| if api { problem.into_response() } else { problem.page() };
    let mut response = match guard.is_addressed(request.headers()) {
        Err(problem) => refuse(problem),
        Ok(()) if guard.is_known(request.headers()) => next.run(request).await,
        Ok(()) => match token_of(request.uri().query().unwrap_or_default()) {
            Some(given) if !api && guard.token().is_some_and(|token| same(given, token)) => {
                welcome(&guard, given, request.uri().path())
            }
            _ => {
                let why = "open the address that the terminal shows: it holds the key of this launch";
                refuse(Problem::new(StatusCode::UNAUTHORIZED, why))
            }
        },
    };
    for (name, value) in HEADERS {
        let name = HeaderName::from_static(name);
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn token_of(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("token="))
}

/// Gives the browser the token to keep, and the page without it in its address.
fn welcome(guard: &Guard, token: &str, path: &str) -> Response {
    let cookie = format!("{}={token}; Path=/; HttpOnly; SameSite=Strict", guard.0.cookie);
    let headers = [(SET_COOKIE, cookie), (LOCATION, path.to_owned())];
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_its_own_name_and_its_own_pages_are_answered() {
        let guard = Guard::new("127.0.0.1:8080".parse().unwrap()).unwrap();
        let fine = |pairs: &[(&'static str, &str)]| guard.is_addressed(&headers(pairs)).is_ok();
        assert!(fine(&[("host", "127.0.0.1:8080")]) && fine(&[("host", "LOCALHOST:8080")]));
        assert!(fine(&[("host", "localhost:8080"), ("origin", "http://localhost:8080")]));
        for refused in [
            &[][..],
            &[("host", "evil.example:8080")],
            &[("host", "localhost:8081")],
            &[("host", "localhost")],
            &[("host", "localhost:8080"), ("origin", "http://evil.example")],
            &[("host", "localhost:8080"), ("origin", "null")],
            &[("host", "localhost:8080"), ("origin", "https://localhost:8080")],
            &[("host", "localhost:8080"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(!fine(refused), "{refused:?}");
        }
    }

    #[test]
    fn the_token_comes_as_a_cookie_or_a_bearer() {
        let guard = Guard::new("127.0.0.1:8080".parse().unwrap()).unwrap();
        let token = guard.token().unwrap();
        assert_eq!(token.len(), 2 * TOKEN);
        let known = |name: &'static str, value: &str| guard.is_known(&headers(&[(name, value)]));
        assert!(known("authorization", &format!("Bearer {token}")));
        assert!(known("cookie", &format!("a=b; pellucid-8080={token}")));
        assert!(!known("cookie", &format!("pellucid-8081={token}")));
        assert!(!known("cookie", "pellucid-8080=") && !known("authorization", "Bearer x"));
        assert!(!guard.is_known(&HeaderMap::new()));
        assert_ne!(
            Some(token),
            Guard::new("127.0.0.1:8080".parse().unwrap()).unwrap().token(),
            "of each launch"
        );
        assert!(Guard::without_token("127.0.0.1:8080".parse().unwrap()).is_known(&HeaderMap::new()));
    }
}
