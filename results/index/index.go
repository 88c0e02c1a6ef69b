// Package index finds runs, trials and hangs in large stores: an SQLite database beside the result trees that
// holds nothing but their data. It may be deleted at any time, and is if it is broken or of another version.
//
// Files that are corrupt, truncated or of another version are reported and skipped. There is one writer at a
// time and any number of readers; SQLite does the locking.
package index

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"loopfault/results/store"
)

// Name is the database's file in a results directory.
const Name = ".index.sqlite"

// version changes with the schema, and with what is put into it.
const version = 2

//go:embed schema.sql
var schema string

// suffixes are those of the files that SQLite keeps beside a database, and its own.
var suffixes = []string{"", "-wal", "-shm", "-journal"}

// Index is an open index.
type Index struct {
	db    *sql.DB
	store *store.Store
	dir   string
}

// Open opens the index of a results directory, or makes an empty one. In a directory that cannot be written it is kept
// in memory.
func Open(ctx context.Context, dir string) (*Index, error) {
	st, err := store.Find(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, Name)
	// SQLite follows links: in a foreign directory the index could be a link to another database of the user.
	for _, suffix := range suffixes {
		info, err := os.Lstat(path + suffix)
		if err == nil && !info.Mode().IsRegular() {
			return nil, fmt.Errorf("index: %s is no regular file; remove it", path+suffix)
		}
	}
	db, err := open(ctx, "file:"+(&url.URL{Path: path}).EscapedPath())
	switch {
	case is(err, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
		for _, suffix := range suffixes {
			if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, fmt.Errorf("index: %w", err)
			}
		}
		db, err = open(ctx, "file:"+(&url.URL{Path: path}).EscapedPath())
	case is(err, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
		db, err = open(ctx, "file::memory:")
		if err == nil {
			db.SetMaxOpenConns(1) // each connection would have its own in-memory database
		}
	}
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", path, err)
	}
	return &Index{db: db, store: st, dir: dir}, nil
}

// open opens a database and gives it the schema of this version.
func open(ctx context.Context, name string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", name+fmt.Sprintf("?_txlock=immediate&_pragma=busy_timeout(%d)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)", busy.Milliseconds()))
	if err != nil {
		return nil, err
	}
	// If several processes open a new index at once, one switches it to a write-ahead log,
	// and the others get "busy" immediately, whatever the time-out.
	err = prepare(ctx, db)
	for until := time.Now().Add(busy); is(err, sqlite3.SQLITE_BUSY) && time.Now().Before(until) && ctx.Err() == nil; err = prepare(ctx, db) {
		time.Sleep(again)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// How long to wait for another process, and how often to poll it.
const (
	busy  = 30 * time.Second
	again = 20 * time.Millisecond
)

func prepare(ctx context.Context, db *sql.DB) error {
	var have int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil || have == version {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// Another process may have been first.
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil || have == version {
		return err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("%s\nPRAGMA user_version = %d;", schema, version))
	return errors.Join(err, tx.Commit())
}

// is reports whether an error is a given one of SQLite's.
func is(err error, codes ...int) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range codes {
		if e.Code()&0xff == c {
			return true
		}
	}
	return false
}

// Close closes the index.
func (ix *Index) Close() error { return ix.db.Close() }
