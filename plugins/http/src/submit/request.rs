//! A message into the request that the template describes.

use super::body::{Fields, Shape};
use super::header;
use crate::lint::Lint;
use crate::signing;
use crate::template::{self, Auth, HmacKind};
use crate::text::{Place, Text, Texts, Unfit, of_nobody};
use aldis_carrier::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Value, context};
use url::Url;

/// `template.request`, ready.
pub(crate) struct Order {
    method: String,
    url: Text,
    query: Fields,
    headers: Vec<(String, Text)>,
    body: Option<Body>,
    auth: Option<Proof>,
    idempotent: bool,
}

enum Body {
    Form(Fields),
    Json(Shape),
}

enum Proof {
    Basic(Text, Text),
    Bearer(Text),
    Header(String, Text),
    Query(String, Text),
    Hmac(Box<Signature>),
}

struct Signature {
    key: Text,
    kind: HmacKind,
    over: Option<Text>,
    header: String,
    value: Option<Text>,
}

impl Order {
    pub(crate) fn new(lint: &mut Lint<'_>, template: &template::Request) -> Option<Self> {
        if template.url.is_empty() {
            lint.note("request.url", "is missing: where do messages go?");
            return None;
        }
        let method = template.method.clone().unwrap_or_else(|| "POST".to_owned());
        if !["GET", "POST", "PUT", "PATCH"].contains(&method.as_str()) {
            lint.note("request.method", "is GET, POST, PUT or PATCH");
        }
        let body = match (&template.form, &template.json) {
            (Some(_), Some(_)) => {
                lint.note("request.form", "a request has a form or json, not both");
                None
            }
            (Some(fields), None) => Some(Body::Form(Fields::new(lint, "request.form", fields))),
            (None, Some(json)) => Shape::new(lint, "request.json", json).map(Body::Json),
            (None, None) => None,
        };
        if body.is_some() && method == "GET" {
            lint.note("request.method", "GET has no body; use query");
        }
        let headers = template.headers.iter();
        let headers = headers.filter_map(|(name, source)| {
            let key = format!("request.headers.{name}");
            let name = header::name(lint, &key, name);
            let text = match name.as_str() {
                "authorization" => lint.secret(&key, source, Place::Signed),
                _ => lint.text(&key, source, Place::Signed),
            };
            Some((name, text?))
        });
        let order = Self {
            headers: headers.collect(),
            url: lint.text("request.url", &template.url, Place::Url)?,
            query: Fields::new(lint, "request.query", &template.query),
            method,
            body,
            auth: proof(lint, &template.auth),
            idempotent: template.idempotent,
        };
        order.try_out(lint);
        Some(order)
    }

    /// Sends a message to nobody: what cannot be filled in now never can.
    fn try_out(&self, lint: &mut Lint<'_>) {
        if !lint.problems.is_empty() {
            return;
        }
        match self.fill(&lint.texts, &of_nobody(lint.given)) {
            Err(Unfit(key)) => lint.note(&key, "cannot be filled in, even for an ordinary message"),
            Ok(request) => {
                if !Url::parse(&request.url).is_ok_and(|url| url.fragment().is_none()) {
                    lint.note("request.url", "makes no URL that can be asked");
                }
            }
        }
    }

    pub(crate) fn fill(&self, texts: &Texts, with: &Value) -> Result<Request, Unfit> {
        let mut url = needed(texts, &self.url, with)?;
        let mut query = self.query.fill(texts, with)?;
        if let Some(Proof::Query(name, value)) = &self.auth {
            query.push((name, needed(texts, value, with)?));
        }
        if !query.is_empty() {
            url = Request::get(url).query(query).url;
        }
        let mut request = Request::new(&self.method, url);
        match &self.body {
            None => {}
            Some(Body::Form(fields)) => {
                let fields = fields.fill(texts, with)?;
                let form = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(fields)
                    .finish();
                request = request
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(form);
            }
            Some(Body::Json(shape)) => {
                let json = shape.fill(texts, with)?;
                let json = json.ok_or_else(|| Unfit("request.json".to_owned()))?.to_string();
                request = request.header("content-type", "application/json").body(json);
            }
        }
        request = self.with_headers(texts, with, request)?;
        Ok(if self.idempotent {
            request.idempotent()
        } else {
            request
        })
    }

    fn with_headers(&self, texts: &Texts, with: &Value, mut request: Request) -> Result<Request, Unfit> {
        let with = context! { request => of_request(&request), ..with.clone() };
        for (name, text) in &self.headers {
            let Some(value) = texts.text(text, &with)? else {
                continue;
            };
            let value = header::value(text, value)?;
            request.headers.retain(|header| header.name != *name);
            request = if text.secret {
                request.secret_header(name, value)
            } else {
                request.header(name, value)
            };
        }
        Ok(match &self.auth {
            None | Some(Proof::Query(..)) => request,
            Some(Proof::Basic(user, password)) => {
                let (user, password) = (needed(texts, user, &with)?, needed(texts, password, &with)?);
                request.basic_auth(&user, &password)
            }
            Some(Proof::Bearer(token)) => {
                request.bearer(&header::value(token, needed(texts, token, &with)?)?)
            }
            Some(Proof::Header(name, value)) => {
                request.secret_header(name, header::value(value, needed(texts, value, &with)?)?)
            }
            Some(Proof::Hmac(signature)) => {
                let value = signature.make(texts, &with, &request.body)?;
                request.secret_header(&signature.header, value)
            }
        })
    }
}

impl Signature {
    fn make(&self, texts: &Texts, with: &Value, body: &[u8]) -> Result<String, Unfit> {
        let over = match &self.over {
            Some(over) => needed(texts, over, with)?.into_bytes(),
            None => body.to_vec(),
        };
        let key = needed(texts, &self.key, with)?;
        let signature = signing::sign(self.kind, &key, &over).ok_or_else(|| self.key.unfit())?;
        let Some(value) = &self.value else {
            return Ok(signature);
        };
        let with = context! { signature => signature, ..with.clone() };
        header::value(value, needed(texts, value, &with)?)
    }
}

fn needed(texts: &Texts, text: &Text, with: &Value) -> Result<String, Unfit> {
    texts.text(text, with)?.ok_or_else(|| text.unfit())
}

fn proof(lint: &mut Lint<'_>, auth: &Auth) -> Option<Proof> {
    let key = |name: &str| format!("request.auth.{name}");
    Some(match auth {
        Auth::None => return None,
        Auth::Basic(login) => {
            let user = lint.text(&key("basic.user"), &login.user, Place::Message);
            let password = lint.secret(&key("basic.password"), &login.password, Place::Message);
            Proof::Basic(user?, password?)
        }
        Auth::Bearer(token) => Proof::Bearer(lint.secret(&key("bearer"), token, Place::Message)?),
        Auth::Header(pair) => Proof::Header(
            header::name(lint, &key("header.name"), &pair.name),
            lint.secret(&key("header.value"), &pair.value, Place::Message)?,
        ),
        Auth::Query(pair) => Proof::Query(
            pair.name.clone(),
            lint.secret(&key("query.value"), &pair.value, Place::Message)?,
        ),
        Auth::Hmac(hmac) => {
            let mut text = |name: &str, source: &Option<String>, place| {
                let source = source.as_ref()?;
                lint.text(&key(&format!("hmac.{name}")), source, place)
            };
            let over = text("over", &hmac.over, Place::Over);
            let value = text("value", &hmac.value, Place::Signature);
            Proof::Hmac(Box::new(Signature {
                over,
                value,
                key: lint.secret(&key("hmac.key"), &hmac.key, Place::Message)?,
                kind: hmac.kind,
                header: header::name(lint, &key("hmac.header"), &hmac.header),
            }))
        }
    })
}

/// What `{{ request }}` stands for.
fn of_request(request: &Request) -> Value {
    let url = Url::parse(&request.url).ok();
    let host = url.as_ref().and_then(|url| {
        let host = url.host_str()?;
        Some(
            url.port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
        )
    });
    let path = url.as_ref().map(|url| match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    });
    let hash = signing::sha256(&request.body);
    context! {
        method => request.method,
        host => host,
        path_and_query => path,
        body => String::from_utf8_lossy(&request.body),
        body_sha256_base64 => STANDARD.encode(&hash),
        body_sha256_hex => signing::hex(&hash),
    }
}
