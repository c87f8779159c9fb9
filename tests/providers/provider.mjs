// An OpenID provider where anybody may sign in under any name, with any password.
//
//   PORT=9401 ISSUER=http://127.0.0.1:9401 CALLBACK=http://127.0.0.1:8000/sign-in/with/npm/callback node provider.mjs
//
// Its clients are `faceup` and `another`, both with the secret `secret`. What it tells about somebody is what PEOPLE, a
// JSON object by login, says; about everybody else that their address is <login>@example.com, and verified.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const people = JSON.parse(process.env.PEOPLE ?? '{}');
const callbacks = (process.env.CALLBACK ?? 'http://127.0.0.1:8000/sign-in/with/npm/callback').split(' ');

const claimsOf = (login) => people[login] ?? { name: login, email: `${login}@example.com`, email_verified: true };
const client = (id) => ({ client_id: id, client_secret: 'secret', redirect_uris: callbacks });

const server = createServer().listen(Number(process.env.PORT ?? 9401), '127.0.0.1', () => {
  const { port } = server.address();
  const issuer = process.env.ISSUER ?? `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [client('faceup'), client('another')],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['for tests only'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, login) => ({ accountId: login, claims: () => ({ sub: login, ...claimsOf(login) }) }),
  });
  server.on('request', provider.callback());
  console.log(`listens on http://127.0.0.1:${port} as ${issuer}`);
});
