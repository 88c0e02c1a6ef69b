package control

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/sourcegraph/jsonrpc2"

	"loopfault/workloads/wire"
)

// maxLine bounds one line of the watch: hundreds of blocked tasks with their
// stacks fit.
const maxLine = 16 << 20

// Watch reads samples until the channel ends, then closes the returned one.
// Lines that are no sample (a guest that died in the middle of one) are
// dropped. The receiver must keep receiving.
func Watch(r io.Reader) <-chan wire.Sample {
	samples := make(chan wire.Sample)
	go func() {
		defer close(samples)
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		for lines.Scan() {
			var s wire.Sample
			if json.Unmarshal(lines.Bytes(), &s) == nil {
				samples <- s
			}
		}
	}()
	return samples
}

func decode(req *jsonrpc2.Request, into any) error {
	if req.Params == nil {
		return fmt.Errorf("%s without parameters", req.Method)
	}
	return json.Unmarshal(*req.Params, into)
}
