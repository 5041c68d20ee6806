"""How the secrets of programs are kept."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class DrawnSecretHasher(PBKDF2PasswordHasher):
    """For secrets that the portal draws itself, of 256 random bits.

    Nobody can try them all, so nothing is gained by making each try dear; it would only let whoever knows a client's
    id keep every process busy with wrong secrets. What people think of needs the other hasher.
    """

    algorithm = "drawn_pbkdf2_sha256"
    iterations = 1
