namespace FastStream.Cli;

/// <summary>Whether something is as a job needs it.</summary>
internal enum Health
{
    /// <summary>Nothing to do.</summary>
    Well,

    /// <summary>It works, but limits some jobs.</summary>
    Mind,

    /// <summary>Jobs will fail or lose data because of it.</summary>
    Bad,
}

/// <summary>The result of one check.</summary>
/// <param name="Name">What was checked.</param>
/// <param name="Value">What was found.</param>
/// <param name="Health">Whether that is good for a job.</param>
/// <param name="Meaning">What it means for a job, and what to do.</param>
internal sealed record Finding(string Name, string Value, Health Health, string Meaning);
