// What a stranger is shown of a session, in a frame. Where the frame's browser stores no cookies, the server takes a
// member for a stranger too. So the page is asked for once more, with the secret, and takes this one's place.
import { expect, headers, token } from './frame-token.js';

const ask = (address, options) => fetch(address, { ...options, headers });

// A plain form cannot send the header. Where it leads to is loaded anew, by way of the form to join.
async function send(event) {
  const { target, submitter } = event;
  if (event.defaultPrevented || target.method !== 'post') return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(target, submitter));
  const { url } = await ask(target.action, { method: 'POST', body });
  expect();
  location.assign(`${url}#frame=${token}`);
}

function show(html) {
  document.open();
  document.write(html);
  document.close();
  document.addEventListener('submit', send);
  document.addEventListener('htmx:config:request', ({ detail: { ctx } }) =>
    Object.assign(ctx.request.headers, headers),
  );
}

document.addEventListener('submit', expect);

if (token) {
  const answer = await ask(location.href);
  // Members are led on from here; all others are not, and may join.
  if (answer.redirected && answer.ok) show(await answer.text());
}
