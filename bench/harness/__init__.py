"""What benchmarks share: stacks and fleets to measure on, and meters."""
