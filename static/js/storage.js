// What a browser stores for this site, for good and for a tab: undefined in a frame of another site that may store nothing.
function storage(name) {
  try {
    return window[name];
  } catch {}
}

export const local = storage('localStorage');
export const ofTab = storage('sessionStorage');
