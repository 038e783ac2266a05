package simtest_test

import "testing"

func TestStockClientOfTheExample(t *testing.T) { testStockClient(t) }
