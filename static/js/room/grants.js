// One request signs the socket in and authorizes both of its channels, which the library asks for one by one.
import { headers } from '../frame-token.js';
import { here } from './page.js';

let granted = {};
function grantsOf(socketId) {
  if (granted.socketId === socketId) return granted.answer;
  const answer = fetch(`${here}/socket-auth`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ socket_id: socketId }),
  }).then((given) => {
    if (given.ok) return given.json();
    throw new Error(`The socket was refused with ${given.status}`);
  });
  granted = { socketId, answer };
  // Refused, or not arrived: it is asked anew.
  answer.catch(() => {
    if (granted.answer === answer) granted = {};
  });
  return answer;
}
export const grant = (pick) => (asked, done) =>
  grantsOf(asked.socketId).then(
    (grants) => done(null, pick(grants, asked)),
    (refusal) => done(refusal, null),
  );
