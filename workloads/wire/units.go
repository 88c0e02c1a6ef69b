package wire

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
)

// Size is a number of bytes. As text it takes the IEC units "KiB", "MiB" and
// "GiB" (and the SI ones); a bare number counts bytes.
type Size int64

// UnmarshalText reads "64MiB". Errors name the text and the expected form.
func (s *Size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > 1<<62 {
		return fmt.Errorf("%q is not a size: want a number and a unit, as in 64MiB", text)
	}
	*s = Size(n)
	return nil
}

// MarshalText writes the largest IEC unit that loses nothing.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Size) String() string {
	for _, u := range []struct {
		bytes Size
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if s != 0 && s%u.bytes == 0 {
			return fmt.Sprintf("%d%s", s/u.bytes, u.name)
		}
	}
	return fmt.Sprintf("%dB", int64(s))
}

// MiB is the size in mebibytes, rounded down.
func (s Size) MiB() int { return int(s >> 20) }

// Duration is a time.Duration written in Go form ("90s", "1m30s").
type Duration time.Duration

// UnmarshalText reads the Go form; negative durations are refused.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is not a duration: want Go form, as in 500ms or 1m30s", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the Go form.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Duration) String() string { return time.Duration(d).String() }

// D is the duration as the standard library's type.
func (d Duration) D() time.Duration { return time.Duration(d) }
