namespace FastStream.Tests.Core.Operators;

/// <summary>A key whose hash is that of all others.</summary>
internal readonly struct Clashing(int number) : IEquatable<Clashing>
{
    private readonly int _number = number;

    public bool Equals(Clashing other) => _number == other._number;

    public override bool Equals(object? obj) => obj is Clashing other && Equals(other);

    public override int GetHashCode() => 1;
}
