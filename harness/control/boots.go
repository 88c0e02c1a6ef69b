package control

import "errors"

// bootTries is how often a guest is booted of which not all processors work.
const bootTries = 3

// UntilItWorks calls boot, which ends with Hello, and again while it fails with ErrNoTimer, up
// to three times in all. Between two of them it calls over, which ends the guest.
func UntilItWorks(boot func() error, over func(error)) error {
	for n := 1; ; n++ {
		err := boot()
		if n == bootTries || !errors.Is(err, ErrNoTimer) {
			return err
		}
		over(err)
	}
}
