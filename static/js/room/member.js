// Whose page this is. Cookies change in another tab, run out or are cleared: then this page is a member's that its
// browser is not, and is left before it shows what the server does not have.
import { here, leave, me } from './page.js';

// Every answer to a member names them. Without a name a 404 is a stranger's: the way in says whose page it was.
export function checkMember({ headers, status }) {
  const member = headers.get('X-Member');
  if (member ? member !== me : status === 404) leave(() => location.replace(`${here}/join?was=${me}`));
}

document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => ctx.response && checkMember(ctx.response));
