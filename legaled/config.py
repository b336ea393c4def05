"""Settings: read from the environment once, frozen afterwards."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOFOLLOW = os.O_CREAT | os.O_EXCL | os.O_WRONLY


@dataclass(frozen=True)
class Config:
    """What one installation needs to know. `from_env` is the only reader of os.environ."""

    secret_key: str
    instance: Path = ROOT / "instance"
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 0
    public_url: str = ""
    contact: str = "请找本单位账号管理员"
    idle_minutes: int = 30
    log_level: str = "INFO"
    testing: bool = False
    laws: Path = field(default=ROOT / "question_banks")

    @property
    def url(self) -> str:
        """The database URL; without a setting, the SQLite file in the instance folder."""
        return self.database_url or f"sqlite:///{self.instance / 'legaled.sqlite'}"

    @property
    def processes(self) -> int:
        return self.workers or os.cpu_count() or 1

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Config":
        """Raises ValueError with a Chinese sentence when a setting cannot be understood."""
        instance = Path(env.get("LEGALED_INSTANCE") or ROOT / "instance")
        return cls(
            secret_key=env.get("LEGALED_SECRET_KEY") or _secret(instance),
            instance=instance,
            database_url=env.get("LEGALED_DATABASE_URL", ""),
            host=env.get("LEGALED_HOST") or "127.0.0.1",
            port=_number(env, "LEGALED_PORT", 8000),
            workers=_number(env, "LEGALED_WORKERS", 0),
            public_url=env.get("LEGALED_PUBLIC_URL", "").rstrip("/"),
            contact=env.get("LEGALED_CONTACT") or cls.contact,
            idle_minutes=_number(env, "LEGALED_IDLE_MINUTES", 30),
            log_level=env.get("LEGALED_LOG_LEVEL") or "INFO",
        )

    def to_flask(self) -> dict[str, object]:
        return {
            "SECRET_KEY": self.secret_key,
            "TESTING": self.testing,
            "LEGALED": self,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_SECURE": self.public_url.startswith("https://"),
            "SESSION_COOKIE_NAME": "legaled",
            "SESSION_REFRESH_EACH_REQUEST": False,
            "WTF_CSRF_TIME_LIMIT": None,
            "WTF_CSRF_CHECK_DEFAULT": False,
            "COMPRESS_ALGORITHM": ["gzip"],
            "COMPRESS_LEVEL": 3,
            "COMPRESS_MIN_SIZE": 1024,
        }


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal():
        raise ValueError(f"环境变量 {name} 应是非负整数，现在是「{text}」。")
    return int(text)


def _secret(instance: Path) -> str:
    """The installation's signing key: made once, readable by its owner only."""
    path = instance / "secret_key"
    if not path.exists():
        instance.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"secret_key.{os.getpid()}")
        with open(os.open(draft, NOFOLLOW, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):  # another process was first
            os.link(draft, path)
        draft.unlink()
    if not (found := path.read_text(encoding="ascii").strip()):
        raise ValueError(f"密钥文件 {path} 是空的。请删除它再启动，会自动新建。")
    return found
