"""What tests share: a local archive, sample databases, servers, browsers, plain models. No tests."""
