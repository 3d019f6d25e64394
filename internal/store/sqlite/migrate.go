package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"netflow-monitor/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks the file as ours (PRAGMA application_id): "nfm" and a digit.
const applicationID = 0x6e666d31

// migrate brings the schema up to date, each step in a transaction of its own, and
// returns the version. A file that is not for us to write stays as it is.
func migrate(ctx context.Context, writer *sql.DB, path string) (int, error) {
	version, err := lookAt(ctx, path)
	if err != nil {
		return 0, err
	}
	files := migrationFiles()
	for ; version < len(files); version++ {
		if err := applyMigration(ctx, writer, files[version], version+1); err != nil {
			return 0, fmt.Errorf("apply %s to %s: %w", files[version], path, explain(path, err))
		}
	}
	return version, nil
}

// migrationFiles are in the order in which they are applied.
func migrationFiles() []string {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	return files
}

// newestVersion is the schema version that this program works on.
func newestVersion() int { return len(migrationFiles()) }

// lookAt is checkOwner through a connection of its own, that can't write; it refuses a
// newer version too.
func lookAt(ctx context.Context, path string) (version int, err error) {
	db, err := sql.Open("sqlite", dsn(path, url.Values{"mode": {"ro"}, "_query_only": {"true"}}))
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if version, err = checkOwner(ctx, db, path); err != nil {
		return 0, err
	}
	if newest := newestVersion(); version > newest {
		return 0, fmt.Errorf("%w: %s has schema %d, this program knows up to %d; install the newer program, or set database.path to another file",
			store.ErrNewerVersion, path, version, newest)
	}
	return version, nil
}

// checkOwner returns the schema version, or an error if another program made the file.
func checkOwner(ctx context.Context, db *sql.DB, path string) (int, error) {
	var version, application, tables int
	err := db.QueryRowContext(ctx, `SELECT u.user_version, a.application_id, (SELECT count(*) FROM sqlite_master)
		FROM pragma_user_version u, pragma_application_id a`).Scan(&version, &application, &tables)
	if err != nil {
		return 0, fmt.Errorf("read schema version of %s: %w", path, explain(path, err))
	}
	if application != applicationID && tables > 0 {
		return 0, fmt.Errorf("%s belongs to another program; set database.path to another file", path)
	}
	return version, nil
}

func applyMigration(ctx context.Context, db *sql.DB, file string, version int) (err error) {
	script, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer rollback(tx, &err)
	// Pragmas take no parameters; both values are numbers of ours.
	marks := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version)
	if _, err := tx.ExecContext(ctx, string(script)+";\n"+marks); err != nil {
		return err
	}
	return tx.Commit()
}

// rollback ends a transaction that failed. What it returns is of no use: on a full
// disk, for example, SQLite has ended the transaction already.
func rollback(tx *sql.Tx, err *error) {
	if *err != nil {
		_ = tx.Rollback()
	}
}
