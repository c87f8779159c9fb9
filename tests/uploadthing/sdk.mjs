// UploadThing's own package: what it makes of the inputs on standard input, as JSON. `now` stands still.
import { readFileSync } from 'node:fs';
import { generateKey, generateSignedURL, verifyKey } from '@uploadthing/shared';
import { runPromise, runSync } from 'effect/Micro';
import { make as redacted } from 'effect/Redacted';
import { UTApi, UTFile } from 'uploadthing/server';

const { now, options = {}, calls } = JSON.parse(readFileSync(0));
if (now) Date.now = () => now;

const nothing = async () =>
  new Response(JSON.stringify({ success: true, deletedCount: 0 }), { headers: { 'Content-Type': 'application/json' } });
const sent = [];
const noted = async (input, { method, headers, body }) => {
  sent.push({ url: String(input), method, headers: Object.fromEntries(new Headers(headers)), body: await plain(body) });
  return nothing();
};

async function plain(body) {
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  if (!(body instanceof FormData)) return body ?? null;
  const parts = [...body.entries()].map(async ([field, file]) => ({
    field,
    name: file.name,
    type: file.type,
    text: await file.text(),
  }));
  return Promise.all(parts);
}

const api = new UTApi({ logLevel: 'Error', ...options, fetch: options.apiUrl ? fetch : noted });
const made = {
  prefix: (appId) => runSync(generateKey({}, appId, () => ['any'])).slice(0, 12),
  isKey: (key, appId) => runSync(verifyKey(key, appId)),
  address: (url, apiKey, ttlInSeconds, data) =>
    runPromise(generateSignedURL(url, redacted(apiKey), { ttlInSeconds, data })),
  file: async (key, expiresIn) => (await api.generateSignedURL(key, { expiresIn })).ufsUrl,
  upload: async (text, name, type, contentDisposition) =>
    api.uploadFiles(new UTFile([text], name, { type }), { acl: 'private', contentDisposition }),
  remove: (keys) => api.deleteFiles(keys),
};

const results = [];
for (const [name, ...inputs] of calls) results.push(await made[name](...inputs));
console.log(JSON.stringify({ results, sent }));
