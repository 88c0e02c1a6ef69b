// Package words puts numbers into sentences.
package words

import "fmt"

// Count is a number of things whose plural ends in s: "1 trial", "3 trials".
func Count[N int | int64](n N, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
