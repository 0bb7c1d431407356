// The rule of layers/core/pinhole/media_url.py at the edge of CloudFront: a viewer-request function of the behaviour
// `/media/*`, whose origin is the bucket of renditions. Its runtime is cloudfront-js-2.0: ES 5.1, const, let, async,
// arrow functions, template literals, at most 10 KB. `tests/infra/edge/` runs it.
//
// The keys lie in the CloudFront KeyValueStore that is associated with it, key id → secret, as PINHOLE_MEDIA_KEYS has
// them. So they stand in no template and in no code, and one is added or retired without publishing the function anew.
import cf from 'cloudfront';
const crypto = require('crypto');

const PATH = /^\/media\/([0-9A-Za-z]{24})\/([1-9][0-9]{0,8})\/([0-9a-z][0-9a-z_-]{0,31}\.[0-9a-z]{2,5})$/;
const EXPIRY = /^[1-9][0-9]{0,11}$/;
const SIGNATURE = /^[0-9A-Za-z_-]{22}$/;

async function handler(event) {
  const request = event.request;
  const object = await verified(request.uri, request.rawQueryString(), Date.now() / 1000);
  if (object === null) {
    return refusal(event.context.requestId);
  }
  // Without the query: all signatures of an object lead to what the CDN keeps of it.
  request.uri = `/${object}`;
  request.querystring = {};
  return request;
}

// As the gateway of one machine answers it. That only GET and HEAD come is the behaviour's to say.
function refusal(requestId) {
  const problem = {
    type: 'about:blank',
    title: 'Forbidden',
    status: 403,
    code: 'bad_signature',
    detail: 'This address is not valid, or no longer.',
    errors: [],
    limit: null,
    requestId: requestId,
  };
  return {
    statusCode: 403,
    statusDescription: 'Forbidden',
    headers: {
      'content-type': { value: 'application/problem+json' },
      'cache-control': { value: 'no-store' },
      'x-content-type-options': { value: 'nosniff' },
      'x-request-id': { value: requestId },
    },
    body: { encoding: 'text', data: JSON.stringify(problem) },
  };
}

// The object's key, or null. Path and query are taken as sent, neither decoded nor normalised.
async function verified(path, query, now) {
  const location = PATH.exec(path);
  const parameters = parsed(query || '');
  if (location === null || parameters === null) {
    return null;
  }
  if (!EXPIRY.test(parameters.e) || !SIGNATURE.test(parameters.s)) {
    return null;
  }
  const secret = await secretOf(parameters.k);
  if (secret === null) {
    return null;
  }
  const ofItem = equal(signature(secret, `item|${location[1]}|${parameters.e}`), parameters.s);
  const ofFile = equal(signature(secret, `file|${path}|${parameters.e}`), parameters.s);
  if (!(ofItem || ofFile) || Number(parameters.e) <= now) {
    return null;
  }
  return `${location[1]}/${location[2]}/${location[3]}`;
}

// `e`, `k` and `s`, each once and nothing else, or null.
function parsed(query) {
  const pairs = query.split('&');
  const found = { e: null, k: null, s: null };
  for (let i = 0; i < pairs.length; i++) {
    const end = pairs[i].indexOf('=');
    const name = pairs[i].slice(0, end);
    if (end !== 1 || !found.hasOwnProperty(name) || found[name] !== null) {
      return null;
    }
    found[name] = pairs[i].slice(2);
  }
  return pairs.length === 3 ? found : null;
}

async function secretOf(keyId) {
  try {
    return await cf.kvs().get(keyId);
  } catch (unknown) {
    return null; // `get` throws for a key that the store does not have
  }
}

// The first 128 bits of HMAC-SHA256, as 22 characters of base64url.
function signature(secret, text) {
  const bits = crypto.createHmac('sha256', secret).update(text).digest('hex').slice(0, 32);
  return Buffer.from(bits, 'hex').toString('base64url');
}

// Not at the first character that differs, which would tell how many were right.
function equal(a, b) {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) {
    difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  }
  return difference === 0;
}
