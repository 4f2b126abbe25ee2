namespace FastStream;

/// <summary>Checks of options: what was found, what was expected.</summary>
internal static class KafkaCheck
{
    public static void That(bool isRight, string name, object? found, string expected)
    {
        if (!isRight)
        {
            throw new ArgumentOutOfRangeException(name, found, $"{name} is {found}; {expected}.");
        }
    }
}
