package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// mountFirst makes the client that the load works on.
func (c *cephCluster) mountFirst() error { return c.mountBy(c.withinLink, wire.CephRoot) }

// mountSecond makes the client behind its back.
func (c *cephCluster) mountSecond() error { return c.mountBy(workloads.Run, wire.CephBehind) }

// mountBy makes one client. Clients of one cluster would otherwise share what they can, and
// be one. No helper of mount(8) is asked: it is the kernel's mount that is meant.
func (c *cephCluster) mountBy(run func(argv ...string) error, root string) error {
	options := "name=admin,noshare"
	if c.spec.Options != "" {
		options += "," + c.spec.Options
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	if err := run("mount", "-i", "-t", "ceph", "-o", options, cephAddress+":6789:/", root); err != nil {
		return fmt.Errorf("%w (CONFIG_CEPH_FS)", err)
	}
	return nil
}

// findClient reads from the kernel under which number the cluster knows its only client.
func (c *cephCluster) findClient() error {
	clients, err := filepath.Glob(cephKnobs + "/*.client*")
	if err != nil {
		return err
	}
	if len(clients) != 1 {
		return fmt.Errorf("there are %d clients in %s, want 1", len(clients), cephKnobs)
	}
	_, c.client, _ = strings.Cut(filepath.Base(clients[0]), ".client")
	return nil
}

// evicting has the metadata server throw the first client's session out. The client is
// told, and makes a new one when it has a request: there is nothing to end.
func (c *cephCluster) evicting() procedure {
	return procedure{
		begin: func(context.Context) error { return c.evict() },
		end:   func(context.Context) error { return nil },
	}
}

func (c *cephCluster) evict() error {
	before, err := c.sessions()
	if err != nil {
		return err
	}
	if !slices.Contains(before, c.client) {
		return fmt.Errorf("client %s has no session that could be evicted", c.client)
	}
	if err := mdsSocket.ask(nil, command{"prefix": "session evict", "filters": []string{"id=" + c.client}}); err != nil {
		return err
	}
	after, err := c.sessions()
	if err != nil {
		return err
	}
	if slices.Contains(after, c.client) {
		return errors.New("the metadata server still has the session that it was to evict")
	}
	c.evicts++
	return os.WriteFile(wire.EvictionsFile, []byte(strconv.Itoa(c.evicts)), 0o644)
}

// blocklisting evicts the session and has the client blocklisted with it, whatever the
// cluster does otherwise. That has happened when the object store knows of one more client.
func (c *cephCluster) blocklisting() procedure {
	return procedure{
		begin: func(ctx context.Context) error {
			before, err := blocklisted()
			if err != nil {
				return err
			}
			if err := blocklistEvicted(true); err != nil {
				return err
			}
			if err := errors.Join(c.evict(), blocklistEvicted(c.spec.Blocklists())); err != nil {
				return err
			}
			for {
				now, err := blocklisted()
				if err != nil || now > before {
					return err
				}
				select {
				case <-ctx.Done():
					return fmt.Errorf("the object store does not hear that the client is blocklisted: %w", ctx.Err())
				case <-time.After(clusterPause):
				}
			}
		},
		end: func(context.Context) error { return nil },
	}
}

// blocklisted is how many addresses the object store takes nothing from.
func blocklisted() (int, error) {
	var list []json.RawMessage
	err := storeSocket.ask(&list, command{"prefix": "dump_blocklist"})
	return len(list), err
}

// blocklistEvicted has the metadata server blocklist those whose session it evicts, or not.
func blocklistEvicted(on bool) error {
	return mdsSocket.ask(nil, command{"prefix": "config set", "var": blocklistOnEvict, "val": []string{strconv.FormatBool(on)}})
}

// sessions are the numbers of the clients that have one.
func (c *cephCluster) sessions() (clients []string, err error) {
	var list []struct {
		ID int64 `json:"id"`
	}
	if err := mdsSocket.ask(&list, command{"prefix": "session ls"}); err != nil {
		return nil, err
	}
	for _, s := range list {
		clients = append(clients, strconv.FormatInt(s.ID, 10))
	}
	return clients, nil
}
