"""What every request passes: guards, errors, headers, who is signed in, and the fragments that pages share."""
