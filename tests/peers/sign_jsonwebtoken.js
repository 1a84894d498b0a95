// Signs claims with jsonwebtoken: JSON {claims, secret, algorithm, headers?} on stdin, the token on
// stdout. It adds `iat` by itself, as Node's signers do.
const jwt = require("jsonwebtoken");

const { claims, secret, algorithm, headers = {} } = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(jwt.sign(claims, secret, { algorithm, header: headers }));
