import { headers } from '../frame-token.js';

// Requests whose refusals are shown by a script: what is wrong is said as an Error with the server's sentence, and its
// status; without a status nothing answered.
const SENTENCE = { headers: { Accept: 'text/plain', 'HX-Request': 'true', ...headers } };

export async function ask(address, options) {
  const answer = await fetch(address, { ...SENTENCE, ...options }).catch(() => {
    throw new Error('Not sent. Check your connection.');
  });
  if (answer.ok) return answer;
  const { status, headers } = answer;
  throw Object.assign(new Error(sentence(status, headers.get('Content-Type'), await answer.text())), { status });
}

// A server that has no room for it just now has some soon.
export async function insist(address, options) {
  for (let tries = 5; ; tries--) {
    try {
      return await ask(address, options);
    } catch (problem) {
      if (problem.status !== 503 || !tries) throw problem;
      await new Promise((done) => setTimeout(done, 2_000));
    }
  }
}

// What a server in front answers is a page and no sentence.
const sentence = (status, type, text) =>
  type?.startsWith('text/plain') && text ? text : `The server did not take it (${status}).`;

// Not by fetch, which says nothing of what is sent already.
export function send(file, { to, headers, field }, signal, progress) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('PUT', to);
    request.setRequestHeader('Accept', 'text/plain');
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
    request.onload = () => {
      const { status, responseText } = request;
      if (status < 300) done();
      else failed(new Error(sentence(status, request.getResponseHeader('Content-Type'), responseText)));
    };
    request.onerror = () => failed(new Error('The connection broke off.'));
    signal.addEventListener('abort', () => request.abort());
    request.onabort = () => failed(new Error('Cancelled.'));
    request.send(field ? formWith(field, file) : file);
  });
}

function formWith(field, file) {
  const form = new FormData();
  // Of the media type that was signed: what a browser guesses from a name is no matter.
  form.append(field, new Blob([file], { type: 'application/octet-stream' }));
  return form;
}
