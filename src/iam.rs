//! The IAM policy language. Knows nothing of the graph.
