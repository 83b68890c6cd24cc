//go:build tools

// Package tools pins the MinIO server that the contract tests of the S3 store run against.
package tools

import _ "github.com/minio/minio"
