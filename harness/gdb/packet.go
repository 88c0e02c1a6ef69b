package gdb

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// interrupt, sent outside of any packet, stops what runs.
const interrupt = 0x03

// frame wraps a packet. Our own packets hold nothing that needs an escape.
func frame(body string) string { return fmt.Sprintf("$%s#%02x", body, checksum(body)) }

func checksum(body string) (sum byte) {
	for i := range len(body) {
		sum += body[i]
	}
	return sum
}

// readPacket reads one packet and skips what is between packets: the other
// side's acknowledgements.
func readPacket(in *bufio.Reader) (string, error) {
	for {
		c, err := in.ReadByte()
		if err != nil {
			return "", err
		}
		if c == '$' {
			break
		}
		if c == '-' {
			return "", errors.New("the stub asks for a packet again, on a socket that loses nothing")
		}
	}
	body, err := in.ReadString('#')
	if err != nil {
		return "", err
	}
	body = body[:len(body)-1]
	var sum [2]byte
	for i := range sum {
		if sum[i], err = in.ReadByte(); err != nil {
			return "", err
		}
	}
	if want := fmt.Sprintf("%02x", checksum(body)); !strings.EqualFold(want, string(sum[:])) {
		return "", fmt.Errorf("packet %.40q has checksum %s, want %s", body, sum, want)
	}
	return expand(body)
}

// expand undoes escapes (}) and runs (*) of a packet's body.
func expand(body string) (string, error) {
	if !strings.ContainsAny(body, "}*") {
		return body, nil
	}
	var out []byte
	for i := 0; i < len(body); i++ {
		last := i == len(body)-1
		switch c := body[i]; {
		case c != '}' && c != '*':
			out = append(out, c)
		case last, c == '*' && (len(out) == 0 || body[i+1] < ' '):
			return "", fmt.Errorf("packet %.40q breaks off", body)
		case c == '}':
			i++
			out = append(out, body[i]^0x20)
		default:
			i++
			for range int(body[i]) - 29 { // the repeated byte was there once
				out = append(out, out[len(out)-1])
			}
		}
	}
	return string(out), nil
}

// bytesOf decodes an answer of hexadecimal bytes.
func bytesOf(answer string) ([]byte, error) {
	b, err := hex.DecodeString(answer)
	if err != nil {
		return nil, fmt.Errorf("the stub answers %.40q, want hexadecimal", answer)
	}
	return b, nil
}
