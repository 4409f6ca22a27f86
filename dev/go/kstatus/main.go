// Command kstatus tells the status that kstatus computes of the object, as JSON, on its input.
//
// The library is the one that Flux and Helm wait with. Nobody publishes a program of it.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
)

func main() {
	computed, err := compute()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(computed)
}

func compute() (status.Status, error) {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return "", err
	}
	object := map[string]interface{}{}
	if err := json.Unmarshal(text, &object); err != nil {
		return "", err
	}
	result, err := status.Compute(&unstructured.Unstructured{Object: object})
	if err != nil {
		return "", err
	}
	return result.Status, nil
}
