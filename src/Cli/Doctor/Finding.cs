namespace FastStream.Cli;

/// <summary>Whether something is as a job wants it.</summary>
internal enum Health
{
    /// <summary>Nothing to do.</summary>
    Well,

    /// <summary>It works; some jobs will meet it.</summary>
    Mind,

    /// <summary>Jobs will fail or lose data by it.</summary>
    Bad,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">What was found.</param>
/// <param name="Health">How that is.</param>
/// <param name="Meaning">What it means for a job, and what to do.</param>
internal sealed record Finding(string Name, string Value, Health Health, string Meaning);
