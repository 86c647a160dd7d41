//! Hostile pipeline programs, run as an unprivileged user.
