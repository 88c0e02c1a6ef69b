// Package index finds runs, trials and hangs in large stores: an SQLite database beside the result trees, of which it
// holds nothing that is not in them. It may be thrown away at any time, and is when it is broken or of another version.
//
// Files that are corrupt, cut off or of another version are named and left out. One process at a time writes, any
// number reads; waiting for each other is SQLite's.
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
	// SQLite follows links: in a directory from elsewhere the index could be a link to somebody's other database.
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
			db.SetMaxOpenConns(1) // each connection would have a memory of its own
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
	// Of several that open a new index at once, one changes it to a write-ahead log, and the
	// others are told that it is busy at once, whatever the time-out says.
	err = prepare(ctx, db)
	for until := time.Now().Add(busy); is(err, sqlite3.SQLITE_BUSY) && time.Now().Before(until) && ctx.Err() == nil; err = prepare(ctx, db) {
		time.Sleep(again)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// How long another process is waited for, and how often it is looked whether it is through.
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

// is says whether an error is one of SQLite's.
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
