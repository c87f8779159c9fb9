// The member's secret in a frame of another site whose browser stores no cookies there. It comes in the address, behind
// the # that is never sent, and is kept as long as the tab is open. Where it is not even kept, it stays in the address.
import { ofTab } from './storage.js';

const { hash, pathname } = location;
const place = `frame ${pathname.split('/').slice(0, 3).join('/')}`;
const given = new URLSearchParams(hash.slice(1)).get('frame');
const framed = window !== window.top;
const joining = `${place} joins`;

// Before the form to join is sent. Who chose the frame's address could seat others as a member of their own: what is
// in it counts only after that.
export const expect = () => ofTab?.setItem(joining, 'yes');

if (given && framed && ofTab) {
  if (ofTab.getItem(joining)) ofTab.setItem(place, given);
  history.replaceState(history.state, '', location.pathname + location.search);
}
ofTab?.removeItem(joining);

export const token = framed ? (ofTab ? ofTab.getItem(place) : given) : null;
// For every request to this site.
export const headers = token ? { 'X-Frame-Token': token } : {};
