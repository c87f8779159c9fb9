// A mark on the installed app's icon while the table waits for the viewer's card.
import { onWaiting } from './waiting.js';

// An app without the permission, as on iOS before notifications are allowed; a page in another site's frame.
const REFUSED = ['NotAllowedError', 'SecurityError'];

async function mark(round) {
  try {
    await (round ? navigator.setAppBadge() : navigator.clearAppBadge());
  } catch (error) {
    if (!REFUSED.includes(error.name)) throw error;
  }
}

if ('setAppBadge' in navigator) onWaiting(mark);
